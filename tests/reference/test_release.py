"""What `make release-check` finds before a release."""

from tests.support.node import ROOT
from tools.release import problems

SCHEMA = (ROOT / "schema.graphql").read_text("utf-8")
READY = "# Changelog\n\n## 1.1.0, 2027-01-31\n\n%s\n\n## 1.0.0, 2027-01-01\n\n### Action needed\n"


def test_a_release_has_a_section_of_its_own() -> None:
    (unreleased,) = problems("1.1.0", READY.replace("1.1.0", "Unreleased"), SCHEMA, SCHEMA)
    assert "rename the heading" in unreleased
    assert len(list(problems("1.1", READY, SCHEMA, SCHEMA))) == 1
    assert list(problems("1.1.0", READY, SCHEMA, SCHEMA)) == []
    assert list(problems("1.1.0", READY, SCHEMA, None)) == []


def test_changes_that_break_clients_need_a_word_on_what_to_do() -> None:
    changed = SCHEMA.replace("  renderedPrompt: ", "  promptAsSent: ")
    assert changed != SCHEMA
    lacking = list(problems("1.1.0", READY, changed, SCHEMA))
    assert any("renderedPrompt was removed" in one for one in lacking)
    assert list(problems("1.1.0", READY % "### Action needed", changed, SCHEMA)) == []
