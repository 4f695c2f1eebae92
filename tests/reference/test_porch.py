"""What a contributor meets first: the hooks check what `make lint` checks."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_hooks_check_what_make_lint_checks() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe is not None
    hooks = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    entries = re.findall(r"entry: (.+)", hooks)
    commands = [line.strip() for line in recipe.group(1).splitlines()]
    assert entries == [command.replace("$(BIN)", ".venv/bin") for command in commands]
