"""Text for a font of few letters: what can be written of any string, and in which lines."""

import re
import unicodedata
from functools import lru_cache
from typing import Final, cast

from PIL import ImageFont

_MAX_LENGTH: Final = 1200
"""Characters that are looked at; more never fit."""

_WRITTEN_AS: Final = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "þ": "th",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{MINUS SIGN}": "-",
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{IDEOGRAPHIC COMMA}": ", ",
        "\N{IDEOGRAPHIC FULL STOP}": ". ",
    }
)

_STAND_IN: Final = "\N{WHITE SQUARE}"
"""The font lacks it too, and draws its own empty box."""


def font_of(size: int) -> ImageFont.FreeTypeFont:
    """Return Pillow's own font (Aileron, ASCII and some punctuation) at a size in pixels."""
    return cast(ImageFont.FreeTypeFont, ImageFont.load_default(max(4, size)))


def legible(text: str) -> str:
    """Return what the font can write of a text, on one line.

    Accents are left out, an emoji becomes its name in brackets, and a letter of a script that
    the font lacks becomes an empty box.
    """
    plain = unicodedata.normalize("NFKD", text[:_MAX_LENGTH].translate(_WRITTEN_AS))
    written = "".join(_written(character) for character in plain.translate(_WRITTEN_AS))
    return re.sub(r"\) (?=[,.;:!?])", ")", " ".join(written.split()))


def wrapped(text: str, font: ImageFont.FreeTypeFont, *, width: float, lines: int) -> list[str]:
    """Break a text into at most so many lines, each narrower than ``width``.

    What does not fit ends in an ellipsis. A word longer than a line is broken.
    """
    out: list[str] = []
    rest = text
    while rest and len(out) < lines:
        if font.getlength(rest[:_MAX_LENGTH]) <= width:
            return [*out, rest]
        is_last = len(out) == lines - 1
        room = width - font.getlength("…") if is_last else width
        end = _fitting(rest, font, room)
        if end == 0:
            return out
        space = rest.rfind(" ", 0, end + 1)
        end = space if space > 0 else end
        if is_last:
            return [*out, rest[:end].rstrip(" ,.;:") + "…"]
        out.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return out


def _fitting(text: str, font: ImageFont.FreeTypeFont, width: float) -> int:
    """Return how many characters of a text's beginning fit into ``width`` pixels."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if font.getlength(text[:middle]) <= width:
            low = middle
        else:
            high = middle - 1
    return low


def _written(character: str) -> str:
    if _is_in_font(character):
        return character
    category = unicodedata.category(character)
    if category in {"Cc", "Zs", "Zl", "Zp"}:
        return " "
    if category in {"Cf", "Mn", "Me", "Sk"}:
        return ""
    name = unicodedata.name(character, "").lower()
    return f" ({name}) " if category == "So" and name else _STAND_IN


@lru_cache(maxsize=4096)
def _is_in_font(character: str) -> bool:
    return character.isprintable() and _drawn(character) != _drawn(_STAND_IN)


@lru_cache(maxsize=4096)
def _drawn(character: str) -> tuple[tuple[int, int], bytes]:
    mask = font_of(24).getmask(character)
    return mask.size, bytes(mask)
