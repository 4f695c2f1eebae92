"""What the scenes are woven from: gradients, noise and warps, by Pillow alone."""

import math
from collections.abc import Sequence
from random import Random
from typing import Final

from PIL import Image, ImageFilter

from gql_server.inference.preview.palettes import Colour

Size = tuple[int, int]

_SOFT: Final = Image.Resampling.BICUBIC

_RADIAL_EDGE: Final = 180
"""The grey that Pillow's radial gradient has reached where its square ends."""


def column(colours: Sequence[Colour], size: Size) -> Image.Image:
    """Return an image that passes through the colours from top to bottom."""
    strip = Image.new("RGB", (1, len(colours)))
    strip.putdata(colours)
    return strip.resize((1, size[1]), Image.Resampling.BILINEAR).resize(size)


def tinted(grey: Image.Image, colours: Sequence[Colour]) -> Image.Image:
    """Return the colours that greys from black to white stand for."""
    strip = Image.new("RGB", (len(colours), 1))
    strip.putdata(colours)
    ramp = strip.resize((256, 1), Image.Resampling.BILINEAR)
    table = [value for channel in ramp.split() for value in channel.tobytes()]
    return Image.merge("RGB", (grey, grey, grey)).point(table)


def noise(chance: Random, size: Size, cells: tuple[int, int], octaves: int = 4) -> Image.Image:
    """Return soft grey clouds.

    Args:
        chance: Where they come from.
        size: Pixels.
        cells: How many lumps there are across and down; fewer in a direction stretch them.
        octaves: How many times finer lumps of half the strength are added.
    """
    work = (max(1, size[0] // 2), max(1, size[1] // 2))
    total = Image.new("L", work, 128)
    for octave in reversed(range(octaves)):
        across, down = cells[0] << octave, cells[1] << octave
        lumps = Image.frombytes("L", (across, down), chance.randbytes(across * down))
        layer = lumps.resize(work, _SOFT)
        total = layer if octave == octaves - 1 else Image.blend(total, layer, 0.62)
    return stretched(total).resize(size, _SOFT)


def stretched(grey: Image.Image) -> Image.Image:
    """Return the greys spread from black to white, their rare ends cut off."""
    histogram = grey.histogram()
    cut = sum(histogram) // 100
    low = _level(histogram, cut)
    high = max(low + 1, 255 - _level(histogram[::-1], cut))
    return grey.point([min(255, max(0, (v - low) * 255 // (high - low))) for v in range(256)])


def warped(chance: Random, image: Image.Image, amount: float) -> Image.Image:
    """Return the image bent by slow waves.

    Args:
        chance: Where the waves come from.
        image: Seen a little enlarged, so that no edge shows.
        amount: How far it is bent, as a share of its size; up to 0.2.
    """
    width, height = image.size
    waves = [
        (chance.uniform(2, 6), chance.uniform(2, 6), chance.uniform(0, math.tau)) for _ in range(6)
    ]

    def seen_at(x: float, y: float) -> tuple[float, float]:
        bend = [math.sin(along * x + across * y + phase) for along, across, phase in waves]
        u = amount + x * (1 - 2 * amount) + amount * (bend[0] + bend[1] + bend[2]) / 3
        v = amount + y * (1 - 2 * amount) + amount * (bend[3] + bend[4] + bend[5]) / 3
        return u * width, v * height

    grid = 24
    xs = [column * width // grid for column in range(grid + 1)]
    ys = [row * height // grid for row in range(grid + 1)]
    points = [[seen_at(x / grid, y / grid) for x in range(grid + 1)] for y in range(grid + 1)]
    mesh = [
        (
            (xs[x], ys[y], xs[x + 1], ys[y + 1]),
            (*points[y][x], *points[y + 1][x], *points[y + 1][x + 1], *points[y][x + 1]),
        )
        for y in range(grid)
        for x in range(grid)
    ]
    return image.transform(image.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)


def glow(size: Size, centre: tuple[float, float], radius: float, strength: float) -> Image.Image:
    """Return a grey light that fades from its centre to nothing at its radius."""
    side = max(2, round(radius * 2))
    light = Image.radial_gradient("L").point(
        [round(255 * strength * max(0.0, 1 - v / _RADIAL_EDGE) ** 2) for v in range(256)]
    )
    out = Image.new("L", size)
    corner = (round(centre[0] - radius), round(centre[1] - radius))
    out.paste(light.resize((side, side), Image.Resampling.BILINEAR), corner)
    return out


def blurred(image: Image.Image, radius: float) -> Image.Image:
    """Return the image out of focus, made at a quarter of its size for speed."""
    small = (max(1, image.width // 4), max(1, image.height // 4))
    soft = image.resize(small, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(radius / 4))
    return soft.resize(image.size, Image.Resampling.BILINEAR)


def _level(histogram: Sequence[int], count: int) -> int:
    seen = 0
    for level, pixels in enumerate(histogram):
        seen += pixels
        if seen > count:
            return level
    return len(histogram) - 1
