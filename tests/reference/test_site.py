"""The documentation's site: what it contains, and how its pages are written."""

from pathlib import Path

import pytest

from tools.site.inline import InlineError, move_inline_code
from tools.site.navigation import ROOT, read_navigation
from tools.site.sources import lay_out
from tools.site.tables import label_cells


def test_every_page_is_in_the_navigation() -> None:
    pages = {*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")}
    assert pages - {*read_navigation().pages} == set()


def test_links_lead_to_where_the_files_are_on_the_site(tmp_path: Path) -> None:
    lay_out(read_navigation(), tmp_path)
    home = (tmp_path / "index.md").read_text()
    assert "](settings.md)" in home
    assert "](errors/index.md)" in home
    assert "](security.md)" in home
    assert ":caption: Reference\n" in home
    operation = (tmp_path / "operations" / "generateImage.md").read_text()
    assert "](image.md)" in operation
    assert "/operations/generateImage\n" in (tmp_path / "operations" / "index.md").read_text()
    offered = {path.name for path in (ROOT / "docs" / "operating").iterdir()}
    assert {path.name for path in (tmp_path / "operating").iterdir()} == offered


def test_pages_have_nothing_inline(tmp_path: Path) -> None:
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "site.css").write_text("")
    (tmp_path / "folder").mkdir()
    page = tmp_path / "folder" / "page.html"
    page.write_text('<style>a {}</style><p class="b" style="top: 0">c</p><script>d()</script>')
    move_inline_code(tmp_path)
    text = page.read_text()
    sheet, script = sorted((tmp_path / "_static").glob("????????????.*"), key=lambda f: f.suffix)
    assert (sheet.read_text(), script.read_text()) == ("a {}", "d()")
    assert f'<link rel="stylesheet" href="../_static/{sheet.name}">' in text
    assert f'<script src="../_static/{script.name}"></script>' in text
    (rule,) = (tmp_path / "_static" / "site.css").read_text().splitlines()
    assert f'<p class="{rule[1:].partition(" ")[0]} b">c</p>' in text
    assert rule.endswith("{ top: 0 }")
    page.write_text('<a onclick="e()">f</a>')
    with pytest.raises(InlineError, match="onclick"):
        move_inline_code(tmp_path)


def test_cells_have_the_names_of_their_columns(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        '<table class="docutils align-default"><thead><tr><th class="head"><p>a & b</p></th></tr>'
        "</thead><tbody><tr><td><p>1</p></td></tr></tbody></table>".replace("&", "&amp;")
    )
    label_cells(tmp_path)
    assert '<td data-label="a &amp; b"><p>1</p></td>' in page.read_text()
