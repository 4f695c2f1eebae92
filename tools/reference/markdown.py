"""Markdown that people can read as it stands."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import Final

_WIDTH: Final = 118


def wrapped(paragraph: str) -> str:
    """Break a paragraph into lines, never within a word or an address."""
    return textwrap.fill(paragraph, _WIDTH, break_long_words=False, break_on_hyphens=False)


def one_line(text: str | None) -> str:
    """Write a description so that it fits into a cell of a table."""
    return " ".join((text or "").split()).replace("|", "\\|")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table, or nothing where there are no rows."""
    lines = [" | ".join(row) for row in rows]
    if not lines:
        return ""
    return "\n".join(
        f"| {line} |" for line in (" | ".join(head), " | ".join("---" for _ in head), *lines)
    )
