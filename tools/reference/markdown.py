"""Markdown that people can read as it stands."""

import textwrap
from typing import Final

_WIDTH: Final = 118


def wrapped(paragraph: str) -> str:
    """Break a paragraph into lines, never within a word or an address."""
    return textwrap.fill(paragraph, _WIDTH, break_long_words=False, break_on_hyphens=False)
