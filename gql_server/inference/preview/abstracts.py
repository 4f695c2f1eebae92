"""Scenes that show nothing but colour and form: flows, silk and discs."""

import math
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from gql_server.inference.preview.palettes import Palette
from gql_server.inference.preview.textures import (
    Size,
    blurred,
    column,
    glow,
    noise,
    tinted,
    warped,
)


def flow(chance: Random, palette: Palette, size: Size) -> Image.Image:
    """Draw strands that drift with a slow current."""
    width, height = size
    unit = max(size) / 1000
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
            u, v = x / max(size), y / max(size)
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
    folds = noise(chance, size, (2, 3), 3)
    folds = warped(chance, warped(chance, folds, 0.18), 0.15)
    turns = chance.choice((1, 2, 3))
    tones = [
        0.5 - 0.5 * math.cos(math.pi * turns * step / 23 + math.pi * (turns % 2 - 1))
        for step in range(24)
    ]
    image = tinted(folds, [palette.at(0.04 + 0.9 * tone) for tone in tones])
    relief = blurred(folds, max(size) / 150).resize((max(1, size[0] // 2), max(1, size[1] // 2)))
    slope = ImageChops.subtract(relief, ImageChops.offset(relief, 4, 5), 0.16, 128)
    lit = slope.filter(ImageFilter.GaussianBlur(2)).resize(size, Image.Resampling.BILINEAR)
    return ImageChops.soft_light(image, Image.merge("RGB", (lit, lit, lit)))


def discs(chance: Random, palette: Palette, size: Size) -> Image.Image:
    """Draw discs, rings and half-discs that float over each other."""
    width, height = size
    span = min(size)
    dark = palette.is_night or chance.random() < 0.4
    image = column(palette.between(0.02, 0.25) if dark else palette.between(0.98, 0.8), size)
    radii = sorted((chance.uniform(0.05, 0.2) for _ in range(7)), reverse=True)
    for index, share in enumerate([chance.uniform(0.3, 0.36), *radii]):
        radius = span * share
        centre = (
            width * chance.uniform(0.12, 0.88),
            height * (chance.uniform(0.3, 0.45) if index == 0 else chance.uniform(0.08, 0.75)),
        )
        mask = _form(chance, size, centre, radius, is_whole=index == 0)
        shadow = ImageChops.offset(blurred(mask, span / 26), 0, round(span / 40))
        image.paste(palette.at(0), mask=shadow.point([v * 2 // 5 for v in range(256)]))
        tone = chance.uniform(0.1, 0.9)
        shade = column(palette.between(tone, tone + chance.choice((-0.45, 0.45))), size)
        image.paste(_placed(shade, centre, radius, chance), mask=mask)
    return image


def _form(
    chance: Random, size: Size, centre: tuple[float, float], radius: float, *, is_whole: bool
) -> Image.Image:
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    box = _around(centre, radius)
    kind = "disc" if is_whole else chance.choice(("disc", "disc", "half", "ring", "rings"))
    if kind == "half":
        start = chance.choice((0, 45, 90, 135, 180, 225, 270))
        draw.pieslice(box, start, start + 180, fill=255)
    elif kind == "ring":
        draw.ellipse(box, outline=255, width=max(1, round(radius * 0.28)))
    elif kind == "rings":
        for step in range(4):
            ring = _around(centre, radius * (1 - step * 0.24))
            draw.ellipse(ring, outline=255, width=max(1, round(radius * 0.09)))
    else:
        draw.ellipse(box, fill=255)
    return mask


def _placed(
    shade: Image.Image, centre: tuple[float, float], radius: float, chance: Random
) -> Image.Image:
    """Lay a gradient over a form's own square, at a slant."""
    side = max(2, round(radius * 2))
    patch = shade.resize((side, side)).rotate(
        chance.choice((0, 90, 180, 270)), Image.Resampling.BILINEAR
    )
    out = Image.new("RGB", shade.size)
    out.paste(patch, (round(centre[0] - radius), round(centre[1] - radius)))
    return out


def _around(centre: tuple[float, float], radius: float) -> tuple[float, float, float, float]:
    return centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius
