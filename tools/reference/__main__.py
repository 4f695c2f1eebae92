"""Write the generated pages and modules: ``python -m tools.reference``."""

from tools.reference.pages import generated_pages

for path, text in generated_pages():
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
