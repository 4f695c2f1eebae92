"""The documentation is written in standard terms."""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
GENERATED: Final = {"docs/settings.md", "docs/commands.md"}
PAGES: Final = [
    page
    for page in sorted(
        [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")]
    )
    if page.name != "CHANGELOG.md"
    and page.parent.name != "errors"
    and str(page.relative_to(ROOT)) not in GENERATED
]
BY_HAND: Final = "<!-- What follows is written by hand. -->\n"
CODE: Final = re.compile(r"^```.*?^```|^    .*?$|`[^`]+`|\]\([^)]*\)", re.DOTALL | re.MULTILINE)
ODD_WORDS: Final = re.compile(
    r"\b(tells?|told|faults?|mends?|mended|wanted|anew|begun|goes on|went on|by and by|whoever|"
    r"somebody else|pictures?|asked for)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_documentation_uses_standard_terms(page: Path) -> None:
    text = page.read_text("utf-8")
    prose = CODE.sub(" ", text.rpartition(BY_HAND)[2])
    assert ODD_WORDS.findall(prose) == []
