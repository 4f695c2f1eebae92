"""What the site contains and in which order: nav.toml."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
_FILE: Final = Path(__file__).with_name("nav.toml")


@dataclass(frozen=True)
class Section:
    """A part of the navigation, with the files of its pages."""

    title: str
    pages: Sequence[Path]


@dataclass(frozen=True)
class Navigation:
    """The sections of the site, and the pages beneath a page."""

    sections: Sequence[Section]
    under: Mapping[Path, Sequence[Path]]

    @cached_property
    def pages(self) -> Sequence[Path]:
        """Every page once, the home page first."""
        lists = [*(section.pages for section in self.sections), *self.under.values()]
        return list(dict.fromkeys(page for pages in lists for page in pages))

    @property
    def home(self) -> Path:
        """The page that the site opens with."""
        return self.pages[0]


def read_navigation() -> Navigation:
    """Read nav.toml.

    Raises:
        FileNotFoundError: It names a page that does not exist.
    """
    written: dict[str, Any] = tomllib.loads(_FILE.read_text("utf-8"))
    sections = [Section(one["title"], _files(one["pages"])) for one in written["section"]]
    listed = {page for section in sections for page in section.pages}
    under = {
        ROOT / page: [file for file in _files(patterns) if file not in listed]
        for page, patterns in written["under"].items()
    }
    return Navigation(sections, under)


def _files(patterns: Sequence[str]) -> list[Path]:
    return list(dict.fromkeys(file for pattern in patterns for file in _matches(pattern)))


def _matches(pattern: str) -> Iterator[Path]:
    found = sorted(ROOT.glob(pattern))
    if not found and "*" not in pattern:
        raise FileNotFoundError(f"nav.toml names {pattern}, which does not exist.")
    yield from found
