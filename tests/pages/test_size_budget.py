"""What a browser loads before the playground is opened: `make test-clients`."""

import re
from typing import Final

import pytest

from gql_server.pages.static_files import ASSETS, STATIC

pytestmark = pytest.mark.clients

BUDGET: Final = 250 * 1024
FIRST_PAGE: Final = 150 * 1024


def mentioned(first: str, *, is_whole: bool) -> set[str]:
    """Return the assets that a page loads; as a whole, those of the pages that it leads to too."""
    names = {path.name for path in (STATIC / ASSETS).iterdir() if path.suffix in {".js", ".css"}}
    found: set[str] = set()
    waiting = [(STATIC / first).read_text("utf-8")]
    while waiting:
        text = waiting.pop()
        if not is_whole:
            text = re.sub(r"""import\([^)]*\)|m\.f=\[[^\]]*\]""", "", text)
        for name in names - found:
            if name in text:
                found.add(name)
                waiting.append((STATIC / ASSETS / name).read_text("utf-8"))
    return found


def compressed(names: set[str]) -> int:
    """Return the bytes that a browser receives."""
    return sum((STATIC / ASSETS / f"{name}.br").stat().st_size for name in names)


def test_the_whole_studio_is_smaller_than_its_budget() -> None:
    assert (STATIC / "index.html").is_file(), "make studio"
    studio = mentioned("index.html", is_whole=True)
    assert any(name.startswith("GalleryPage") for name in studio)
    assert not any("monaco" in name or "playground" in name for name in studio)
    assert compressed(studio) <= BUDGET


def test_its_first_page_needs_little_of_it() -> None:
    first = mentioned("index.html", is_whole=False)
    assert not any(name.startswith("GalleryPage") for name in first)
    assert compressed(first) <= FIRST_PAGE
