"""The Markdown of the repository, laid out for Sphinx.

The files of docs/ stay plain Markdown that reads well on GitHub: what Sphinx needs beside them, its
tables of contents, is written here. Links are rewritten to where the files are on the site.
"""

import os.path
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tools.site.navigation import ROOT, Navigation

_LINK: Final = re.compile(r"(?<!!)\[((?:`[^`]*`|[^]\[`])*)\]\(([^)#\s]*)(#[^)\s]*)?\)")
_FENCE: Final = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_HOME: Final = "index.md"
_SHOWN: Final = {"", ".conf", ".ini", ".json", ".md", ".service", ".yaml"}
"""Files that the site has; of others, such as code, only the label of a link stays."""


def lay_out(navigation: Navigation, folder: Path) -> None:
    """Write the site's sources into an empty folder."""
    for page in navigation.pages:
        target = folder / _place(page, navigation)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = _with_links(page, folder, navigation) + "".join(_contents(page, navigation))
        target.write_text(text, "utf-8")


def _place(page: Path, navigation: Navigation) -> Path:
    """Return where a file is among the sources: docs/ is the top."""
    if page == navigation.home:
        return Path(_HOME)
    relative = page.relative_to(ROOT)
    if relative.parts[0] == "docs":
        relative = relative.relative_to("docs")
    if relative.name == "README.md":
        return relative.with_name(_HOME)
    return relative.with_name(relative.name.lower()) if relative.stem.isupper() else relative


def _contents(page: Path, navigation: Navigation) -> list[str]:
    parts = []
    if page == navigation.home:
        for section in navigation.sections:
            pages = [one for one in section.pages if one != page]
            parts.append(_toctree(pages, navigation, caption=section.title))
    if page in navigation.under:
        parts.append(_toctree(navigation.under[page], navigation))
    return parts


def _toctree(pages: Sequence[Path], navigation: Navigation, *, caption: str = "") -> str:
    names = [f"/{_place(one, navigation).with_suffix('')}" for one in pages]
    options = ":hidden:\n" + (f":caption: {caption}\n" if caption else "")
    return f"\n```{{toctree}}\n{options}\n" + "\n".join(names) + "\n```\n" if names else ""


def _with_links(page: Path, folder: Path, navigation: Navigation) -> str:
    """Return a page whose links lead to the places of their targets on the site."""

    def link(found: re.Match[str]) -> str:
        label, target, anchor = found[1], found[2], found[3] or ""
        if not target or ":" in target:
            return found[0]
        file = (page.parent / target).resolve()
        if file.is_dir() and file / "README.md" in navigation.pages:
            file /= "README.md"
        if file.suffix not in _SHOWN or not file.is_file():
            return label
        if file not in navigation.pages:
            place = _place(file, navigation)
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, folder / place)
        start = (folder / _place(page, navigation)).parent
        return f"[{label}]({os.path.relpath(folder / _place(file, navigation), start)}{anchor})"

    text = page.read_text("utf-8")
    parts, end = [], 0
    for fence in _FENCE.finditer(text):
        parts += [_LINK.sub(link, text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, _LINK.sub(link, text[end:])])
