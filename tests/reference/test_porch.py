"""What a contributor meets first: the hooks check what `make lint` checks; Markdown is readable."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])
MAX_COLUMNS = 120


def test_the_hooks_check_what_make_lint_checks() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe is not None
    hooks = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    entries = re.findall(r"entry: (.+)", hooks)
    commands = [line.strip() for line in recipe.group(1).splitlines()]
    assert entries == [command.replace("$(BIN)", ".venv/bin") for command in commands]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_markdown_has_lines_of_at_most_120_columns(page: Path) -> None:
    is_code = False
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        is_code ^= line.startswith("```")
        # Tables, code, links and generated option lists cannot be wrapped.
        if is_code or line.startswith(("|", "* `")) or "http" in line:
            continue
        assert len(line) <= MAX_COLUMNS, f"line {number}"
