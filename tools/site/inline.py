"""Moves what a theme writes into its pages into files: the server's policy is 'self'."""

import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_STYLE: Final = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_ATTRIBUTE: Final = re.compile(r'(<[a-z][^<>]*?)\sstyle="([^"]*)"([^<>]*>)')
_CLASS: Final = re.compile(r'\bclass="')
_ANY: Final = re.compile(r'<style|<script(?![^>]*\ssrc=)|<[a-z][^<>]*\s(?:style|on[a-z]+)="')
_FOLDER: Final = "_static"


class InlineError(Exception):
    """A page has inline code in a form that this module does not know."""


def move_inline_code(site: Path) -> None:
    """Rewrite every page so that it has no inline script, style or style attribute.

    Raises:
        InlineError: A page still has some.
    """
    rules: dict[str, str] = {}
    for page in sorted(site.rglob("*.html")):
        top = "../" * (len(page.relative_to(site).parts) - 1) + _FOLDER
        text = page.read_text("utf-8")
        text = _SCRIPT.sub(_into(site, "js", f'<script src="{top}/{{}}"></script>'), text)
        text = _STYLE.sub(_into(site, "css", f'<link rel="stylesheet" href="{top}/{{}}">'), text)
        text = _ATTRIBUTE.sub(lambda found: _as_class(found, rules), text)
        if left := _ANY.search(text):
            raise InlineError(f"{page.relative_to(site)}: {text[left.start() :][:80]}")
        page.write_text(text, "utf-8")
    with (site / _FOLDER / "site.css").open("a", encoding="utf-8") as sheet:
        sheet.writelines(f".{name} {{ {style} }}\n" for name, style in rules.items())


def _into(site: Path, suffix: str, element: str) -> Callable[[re.Match[str]], str]:
    def move(found: re.Match[str]) -> str:
        name = f"{sha256(found[1].encode()).hexdigest()[:12]}.{suffix}"
        (site / _FOLDER / name).write_text(found[1], "utf-8")
        return element.format(name)

    return move


def _as_class(found: re.Match[str], rules: dict[str, str]) -> str:
    start, style, end = found.groups()
    name = f"style-{sha256(style.encode()).hexdigest()[:8]}"
    rules[name] = style
    tag = f"{start}{end}"
    if _CLASS.search(tag):
        return _CLASS.sub(f'class="{name} ', tag, count=1)
    return f'{start} class="{name}"{end}'
