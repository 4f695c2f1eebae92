"""The band that says what a preview stands for: the prompt, the model, and that it is one."""

from typing import Final

from PIL import Image, ImageDraw, ImageFont

from gql_server.inference.preview.lettering import font_of, legible, wrapped
from gql_server.inference.preview.palettes import Colour
from gql_server.inference.preview.textures import blurred

LABEL: Final = "PREVIEW"

_INK: Final = (255, 255, 255)
_FAINT_INK: Final = (214, 217, 224)
_SHADE: Final = (8, 9, 14)
_SHADE_SHARE: Final = 0.68
"""How dark the band is: white on it keeps a contrast of 4.5 to 1 even over white."""


def write_caption(image: Image.Image, *, prompt: str, model_name: str, accent: Colour) -> None:
    """Write a caption on a band of frosted glass along the lower edge.

    Args:
        image: RGB; written on in place. One too small for letters is left as it is.
        prompt: Any text; shortened when it is long.
        model_name: Any text.
        accent: A light colour for the label.
    """
    width, height = image.size
    size = max(12, round(min(width, height * 1.2) * 0.031))
    margin = round(size * 0.95)
    room = width - 2 * margin
    text, small = font_of(size), font_of(max(11, round(size * 0.74)))
    row = round(size * 1.36)
    head = round(small.size * 1.75)
    max_lines = max(1, min(4, int((height * 0.42 - head - 2 * margin) // row)))
    if room < small.getlength(LABEL) or height < head + row + 2 * margin:
        return
    lines = wrapped(legible(prompt), text, width=room, lines=max_lines)
    top = height - (head + row * len(lines) + round(1.7 * margin))
    _frost(image, top)
    draw = ImageDraw.Draw(image)
    draw.line((0, top, width, top), fill=accent, width=max(1, size // 12))
    y = top + round(margin * 0.9)
    _write_head(draw, (margin, y), room, small, model_name=model_name, accent=accent)
    for number, line in enumerate(lines):
        draw.text((margin, y + head + number * row), line, fill=_INK, font=text)


def _frost(image: Image.Image, top: int) -> None:
    width, height = image.size
    glass = blurred(image.crop((0, top, width, height)), max(width, height) / 40)
    dark = Image.new("RGB", glass.size, _SHADE)
    image.paste(Image.blend(glass, dark, _SHADE_SHARE), (0, top))


def _write_head(
    draw: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    room: float,
    font: ImageFont.FreeTypeFont,
    *,
    model_name: str,
    accent: Colour,
) -> None:
    """Write the label in spaced capitals, and the model's name after it where there is room."""
    x, y = corner
    spacing = font.size * 0.16
    if font.getlength(LABEL) + spacing * len(LABEL) > room:
        spacing = 0
    left = float(x)
    for letter in LABEL:
        draw.text((left, y), letter, fill=accent, font=font, stroke_width=font.size / 40)
        left += font.getlength(letter) + spacing
    left += font.size * 0.7
    name = wrapped(legible(model_name), font, width=x + room - left, lines=1)
    for line in name:
        draw.text((left, y), line, fill=_FAINT_INK, font=font)
