"""The form in which texts are searched, independent of how their letters are written."""

import re
from collections.abc import Iterator
from typing import Final
from unicodedata import normalize

from gql_server.domain.errors import InvalidInput, Path
from gql_server.domain.text import list_errors

MAX_WORDS: Final = 20

_IGNORED: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Characters that Unicode defines as invisible: soft hyphens, joiners, variation selectors."""
_KINDS_OF_I: Final = re.compile("i\u0307|\u0131")


def folded(text: str) -> str:
    """Return a text with its letters folded, regardless of case, width and composition.

    This is Unicode's compatibility caseless matching (chapter 3.13, D146), without invisible
    characters, and with Turkish ``İ``, ``ı`` and ``I`` equal. Folding is idempotent.
    """
    text = normalize("NFKC", _IGNORED.sub("", normalize("NFD", text)).casefold()).casefold()
    return normalize("NFKC", _KINDS_OF_I.sub("i", text))


def folded_words(text: str) -> Iterator[str]:
    """Yield the distinct words of a search, folded."""
    yield from dict.fromkeys(folded(text).split())


def search_errors(search: str, *, path: Path) -> Iterator[InvalidInput]:
    """Yield the errors of a search.

    Words are counted as they were sent, and again when folded: one letter can become four words.
    """
    for words in (search.split(), folded_words(search)):
        found = list(list_errors(list(words), path=path, limit=MAX_WORDS))
        if found:
            yield from found
            return
