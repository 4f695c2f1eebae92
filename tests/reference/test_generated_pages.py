"""The generated pages are current, and cover everything that there is."""

import re
from pathlib import Path

from gql_server.settings.fields import SECTIONS, SettingFields
from tools.reference import errors, logs
from tools.reference.pages import generated_pages

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"""(?:code=|"code": ?|_coded\([^)]*?)"([A-Z][A-Z_]+)\"""")


def test_every_generated_page_is_current() -> None:
    stale = [
        str(path.relative_to(ROOT))
        for path, text in generated_pages()
        if not path.exists() or path.read_text("utf-8") != text
    ]
    assert stale == [], "make schema"


def test_every_setting_has_a_section_and_a_description() -> None:
    listed = [name for section in SECTIONS for name in section.__annotations__]
    assert sorted(listed) == sorted(SettingFields.model_fields)
    for name, field in SettingFields.model_fields.items():
        assert (field.description or "").endswith("."), name


def test_every_log_event_has_a_meaning_and_every_meaning_an_event() -> None:
    assert sorted(logs.log_events()) == sorted(logs.meanings())
    assert all(meaning.endswith(".") for meaning in logs.meanings().values())


def test_every_error_code_has_a_page() -> None:
    texts = {text.code: text for text in errors.error_texts()}
    in_inputs = {code for code, text in texts.items() if text.kind == "input"}
    assert in_inputs == errors.input_codes()
    written = {
        code
        for room in ("web", "graphql", "api")
        for file in (ROOT / "gql_server" / room).glob("**/*.py")
        for code in CODE.findall(file.read_text("utf-8"))
    }
    assert written - texts.keys() == set()
    pages = {path.stem for path in errors.FOLDER.glob("*.md")} - {"README"}
    assert pages == texts.keys()
