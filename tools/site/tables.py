"""Gives each cell of a table the name of its column, which phones show beside it."""

import re
from pathlib import Path
from typing import Final

_TABLE: Final = re.compile(r"<table class=\"docutils.*?</table>", re.DOTALL)
_HEADING: Final = re.compile(r"<th class=\"head[^>]*>(.*?)</th>", re.DOTALL)
_ROW: Final = re.compile(r"<tr[^>]*>.*?</tr>", re.DOTALL)
_TAG: Final = re.compile(r"<[^>]+>")


def label_cells(site: Path) -> None:
    """Rewrite the tables of every page."""
    for page in site.rglob("*.html"):
        page.write_text(_TABLE.sub(_labelled, page.read_text("utf-8")), "utf-8")


def _labelled(table: re.Match[str]) -> str:
    headings = [_TAG.sub("", heading).strip() for heading in _HEADING.findall(table[0])]
    labels = [heading.replace('"', "&quot;") for heading in headings]

    def row(found: re.Match[str]) -> str:
        start, *cells = found[0].split("<td")
        if not cells:
            return start
        named = zip(labels, cells, strict=True)
        return start + "".join(f'<td data-label="{label}"{cell}' for label, cell in named)

    return _ROW.sub(row, table[0])
