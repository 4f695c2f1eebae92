"""Scenes that show nothing but colour and form: flows, silk and discs."""

import math
from random import Random
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from gql_server.inference.preview.palettes import Colour, Palette
from gql_server.inference.preview.textures import (
    Size,
    blurred,
    column,
    glow,
    noise,
    tinted,
    warped,
)

_MIDDLE: Final = 0.5
"""Neither light nor dark."""

_SILK_SCALE: Final = 3
"""Silk is woven this much smaller, so that 256 greys make no visible steps in it."""


def flow(chance: Random, palette: Palette, size: Size) -> Image.Image:
    """Draw strands that drift with a slow current."""
    width, height = size
    unit = math.sqrt(width * height) / 1000
    image = column(palette.between(0.0, 0.22), size)
    centre = (width * chance.uniform(0.3, 0.7), height * chance.uniform(0.2, 0.6))
    image.paste(palette.at(0.45), mask=glow(size, centre, max(size) * 0.8, 0.7))
    draw = ImageDraw.Draw(image)
    waves = [
        (chance.uniform(-5, 5), chance.uniform(-5, 5), chance.uniform(0, math.tau))
        for _ in range(4)
    ]
    heading = chance.uniform(0, math.tau)
    strands = 1100
    for strand in range(strands):
        x, y = chance.uniform(-0.1, 1.1) * width, chance.uniform(-0.1, 1.1) * height
        here = math.sin(3 * x / width + waves[0][2]) * math.cos(3 * y / height + waves[1][2])
        tone = 0.25 + 0.6 * strand / strands + 0.2 * here + chance.gauss(0, 0.05)
        points = [(x, y)]
        for _ in range(chance.randint(14, 44)):
            u, v = x / unit / 1000, y / unit / 1000
            bend = sum(math.sin(a * u + b * v + c) for a, b, c in waves)
            angle = heading + bend * 1.1
            x += math.cos(angle) * unit * 8
            y += math.sin(angle) * unit * 8
            points.append((x, y))
        thick = max(1, round(unit * chance.choice((1, 1.4, 2, 2.6, 4, 6))))
        draw.line(points, fill=palette.at(tone), width=thick, joint="curve")
    return image


def silk(chance: Random, palette: Palette, size: Size) -> Image.Image:
    """Draw folds of light, like marble or silk."""
    small = (max(1, size[0] // _SILK_SCALE), max(1, size[1] // _SILK_SCALE))
    folds = noise(chance, small, (5, 6), 1)
    folds = warped(chance, warped(chance, folds, 0.16), 0.14).filter(ImageFilter.GaussianBlur(1.5))
    turns = chance.choice((5, 6, 7))
    steps = 128
    tones = [
        0.5 + 0.32 * math.sin(math.pi * turns * step / steps) + 0.4 * (step / steps - 0.5)
        for step in range(steps)
    ]
    image = tinted(folds, [palette.at(tone) for tone in tones])
    height = tinted(folds, [(round(255 * tone),) * 3 for tone in tones]).getchannel(0)
    image = ImageChops.soft_light(image, _lit(height))
    return image.filter(ImageFilter.GaussianBlur(1.2)).resize(size, Image.Resampling.BICUBIC)


def discs(chance: Random, palette: Palette, size: Size) -> Image.Image:
    """Draw discs, rings and half-discs that float over each other."""
    width, height = size
    span = min(size)
    dark = palette.is_night or chance.choice((True, True, False, False, False))
    image = column(palette.between(0.02, 0.25) if dark else palette.between(0.98, 0.8), size)
    radii = sorted((chance.uniform(0.05, 0.2) for _ in range(7)), reverse=True)
    for index, share in enumerate([chance.uniform(0.3, 0.36), *radii]):
        radius = span * share
        centre = (
            width * chance.uniform(0.12, 0.88),
            height * (chance.uniform(0.3, 0.45) if index == 0 else chance.uniform(0.08, 0.75)),
        )
        kind = "disc" if index == 0 else chance.choice(("disc", "disc", "half", "ring", "rings"))
        tone = chance.uniform(0.05, 0.95)
        tones = palette.between(tone, tone + math.copysign(0.45, _MIDDLE - tone))
        _float(chance, image, centre, _form(chance, kind, radius, span / 12), tones)
    return image


def _float(
    chance: Random,
    image: Image.Image,
    centre: tuple[float, float],
    form: Image.Image,
    tones: list[Colour],
) -> None:
    """Lay a form of a gradient's colours over an image, with its shadow below it."""
    span = min(image.size)
    left, top = round(centre[0] - form.width / 2), round(centre[1] - form.height / 2)
    shadow = blurred(form, span / 26).point([v * 2 // 5 for v in range(256)])
    image.paste((6, 8, 14), (left, top + round(span / 40)), shadow)
    turn = chance.choice((None, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180))
    shade = column(tones, form.size)
    image.paste(shade if turn is None else shade.transpose(turn), (left, top), form)


def _form(chance: Random, kind: str, radius: float, rim: float) -> Image.Image:
    """Return a form's stencil, with a rim around it for its shadow."""
    half = round(radius + rim)
    stencil = Image.new("L", (2 * half, 2 * half))
    draw = ImageDraw.Draw(stencil)
    box = _around(half, radius)
    if kind == "half":
        start = chance.choice((0, 45, 90, 135, 180, 225, 270))
        draw.pieslice(box, start, start + 180, fill=255)
    elif kind == "ring":
        draw.ellipse(box, outline=255, width=max(1, round(radius * 0.28)))
    elif kind == "rings":
        for step in range(4):
            ring = _around(half, radius * (1 - step * 0.24))
            draw.ellipse(ring, outline=255, width=max(1, round(radius * 0.09)))
    else:
        draw.ellipse(box, fill=255)
    return stencil


def _around(centre: float, radius: float) -> tuple[float, float, float, float]:
    return centre - radius, centre - radius, centre + radius, centre + radius


def _lit(height: Image.Image) -> Image.Image:
    """Return how bright a relief is with the light from the upper left, grey where flat."""
    soft = height.filter(ImageFilter.GaussianBlur(2))
    slope = ImageChops.subtract(soft, ImageChops.offset(soft, 2, 2), 0.22, 128)
    inner = slope.crop((2, 2, *slope.size)).resize(slope.size, Image.Resampling.BILINEAR)
    return Image.merge("RGB", (inner, inner, inner))
