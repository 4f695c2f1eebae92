"""Scenes under a sky: hills, forests, seas and cities."""

import math
from random import Random
from typing import Final

from PIL import Image, ImageChops, ImageDraw

from gql_server.inference.preview.palettes import Colour, Palette, Scene, mix
from gql_server.inference.preview.textures import Size, blurred, column, glow, noise

Line = list[tuple[float, float]]

_LIT_SHARE: Final = 0.32
"""How many of a city's windows are lit."""

_MAST_SHARE: Final = 0.3
"""How many of its towers bear a mast."""


def landscape(chance: Random, palette: Palette, size: Size, scene: Scene) -> Image.Image:
    """Draw a scene under a sky."""
    width, height = size
    horizon = round(height * chance.uniform(0.5, 0.6))
    sun = (width * chance.uniform(0.2, 0.8), horizon * chance.uniform(0.35, 0.8))
    image = _sky(chance, palette, size, horizon, sun)
    match scene:
        case Scene.SEA:
            _islands(chance, palette, image, horizon)
            _sea(chance, palette, image, horizon, sun[0])
        case Scene.CITY:
            _city(chance, palette, image, horizon)
        case _:
            _ridges(chance, palette, image, horizon, with_trees=scene is Scene.FOREST)
    return image


def _sky(
    chance: Random, palette: Palette, size: Size, horizon: int, sun: tuple[float, float]
) -> Image.Image:
    width = size[0]
    sky = column(_sky_colours(palette), (width, horizon))
    image = Image.new("RGB", size, palette.at(_haze(palette)))
    image.paste(sky)
    light = palette.at(1)
    if palette.is_night:
        _stars(chance, image, horizon, light)
    reach = max(size) * chance.uniform(0.35, 0.5)
    image.paste(light, mask=glow(size, sun, reach, 0.75))
    clouds = noise(chance, size, (3, 10)).point([max(0, (v - 140) * 4 // 3) for v in range(256)])
    image.paste(mix(palette.at(_haze(palette)), light, 0.6), mask=clouds)
    radius = min(size) * chance.uniform(0.05, 0.1)
    disc = (sun[0] - radius, sun[1] - radius, sun[0] + radius, sun[1] + radius)
    ImageDraw.Draw(image).ellipse(disc, fill=mix(light, (255, 255, 255), 0.5))
    return image


def _sky_colours(palette: Palette) -> list[Colour]:
    return palette.between(0.0, 0.62) if palette.is_night else palette.between(0.3, 0.95)


def _haze(palette: Palette) -> float:
    return 0.62 if palette.is_night else 0.95


def _stars(chance: Random, image: Image.Image, horizon: int, light: Colour) -> None:
    shine = Image.new("L", image.size)
    draw = ImageDraw.Draw(shine)
    unit = math.sqrt(image.width * image.height) / 1000
    for _ in range(220):
        x, y = chance.uniform(0, image.width), chance.uniform(0, horizon)
        radius = unit * chance.choice((0.6, 0.6, 0.8, 1.2, 1.8))
        box = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse(box, fill=chance.randint(80, 255))
    image.paste(light, mask=shine)


def _ridges(
    chance: Random, palette: Palette, image: Image.Image, horizon: int, *, with_trees: bool
) -> None:
    width, height = image.size
    layers = 6
    for layer in range(layers):
        nearness = layer / (layers - 1)
        base = horizon + (height * 0.9 - horizon) * nearness**1.3
        swing = height * (0.17 - 0.08 * nearness)
        line = _ridge_line(chance, width, base, swing, roughness=0.62 - 0.3 * nearness)
        if with_trees and layer > 0:
            line = _wooded(chance, line, height * (0.03 + 0.13 * nearness))
        _fill_below(image, line, _layer_colour(palette, nearness), palette.at(_haze(palette)))


def _ridge_line(chance: Random, width: int, base: float, swing: float, roughness: float) -> Line:
    waves = [
        (2**octave * chance.uniform(0.7, 1.3), chance.uniform(0, 1), roughness**octave)
        for octave in range(1, 7)
    ]
    knots = [[chance.uniform(-1, 1) for _ in range(260)] for _ in waves]

    def height_at(share: float) -> float:
        total = 0.0
        for (pace, shift, strength), values in zip(waves, knots, strict=True):
            position = (share + shift) * pace * 1.5
            index, rest = int(position), position % 1
            ease = rest * rest * (3 - 2 * rest)
            total += strength * (values[index] * (1 - ease) + values[index + 1] * ease)
        return total

    step = max(1, width // 480)
    return [(x, base - swing * height_at(x / width)) for x in range(-step, width + 2 * step, step)]


def _wooded(chance: Random, line: Line, tallest: float) -> Line:
    """Let firs stand on a ridge: each a narrow saw-tooth of three tiers."""
    out: Line = [line[0]]
    index = 1
    while index < len(line):
        x, y = line[index]
        tall = tallest * chance.uniform(0.35, 1)
        half = tall * chance.uniform(0.14, 0.2)
        left = [(-1.0, 0.05), (-0.45, 0.38), (-0.72, 0.36), (-0.3, 0.68), (-0.45, 0.66), (0.0, 1.0)]
        tree = left + [(-across, up) for across, up in reversed(left[:-1])]
        out += [(x + across * half, y - up * tall) for across, up in tree]
        while index < len(line) and line[index][0] < x + half * chance.uniform(1.0, 2.4):
            index += 1
    return [*out, line[-1]]


def _layer_colour(palette: Palette, nearness: float) -> Colour:
    far = 0.45 if palette.is_night else 0.62
    return palette.at(far * (1 - nearness) ** 1.1)


def _fill_below(image: Image.Image, line: Line, colour: Colour, haze: Colour) -> None:
    width, height = image.size
    mask = Image.new("L", image.size)
    ImageDraw.Draw(mask).polygon([*line, (width + 9, height + 9), (-9, height + 9)], fill=255)
    top = max(0, min(height - 1, math.floor(min(y for _, y in line))))
    shade = Image.new("RGB", image.size, mix(colour, haze, 0.3))
    shade.paste(column([colour, mix(colour, haze, 0.3)], (width, height - top)), (0, top))
    image.paste(shade, mask=mask)


def _islands(chance: Random, palette: Palette, image: Image.Image, horizon: int) -> None:
    for nearness in (0.15, 0.45):
        base = horizon + image.height * 0.02
        line = _ridge_line(chance, image.width, base, image.height * 0.09, roughness=0.55)
        colour = mix(_layer_colour(palette, nearness), palette.at(_haze(palette)), 0.25)
        _fill_below(image, line, colour, palette.at(_haze(palette)))


def _sea(chance: Random, palette: Palette, image: Image.Image, horizon: int, sun_x: float) -> None:
    width, height = image.size
    sea = (width, height - horizon)
    mirror = image.crop((0, 0, width, horizon)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    mirror = blurred(mirror, min(width, height) / 50)
    water = column(palette.between(0.5, 0.05), sea)
    water = Image.blend(mirror.resize(sea), water, 0.45)
    ripples = noise(chance, sea, (2, 36), 3)
    lifted = ripples.point([round(v * 0.5) for v in range(256)])
    sunk = ripples.point([round((255 - v) * 0.5) for v in range(256)])
    water.paste(palette.at(0.85), mask=lifted.point([max(0, v - 70) * 2 for v in range(256)]))
    water.paste(palette.at(0.05), mask=sunk.point([max(0, v - 60) * 2 for v in range(256)]))
    draw = ImageDraw.Draw(water)
    light = mix(palette.at(1), (255, 255, 255), 0.4)
    for _ in range(150):
        depth = chance.random() ** 1.6
        y = depth * sea[1]
        x = sun_x + chance.gauss(0, width * (0.012 + 0.07 * depth))
        half = width * chance.uniform(0.004, 0.03) * (0.4 + depth)
        thick = max(1.0, height * 0.0028 * (0.4 + depth))
        draw.ellipse((x - half, y - thick, x + half, y + thick), fill=light)
    image.paste(water, (0, horizon))


def _city(chance: Random, palette: Palette, image: Image.Image, horizon: int) -> None:
    width, height = image.size
    unit = math.sqrt(image.width * image.height) / 1000
    lit = [palette.at(0.8), palette.at(0.95), mix(palette.at(1), (255, 200, 90), 0.5)]
    for nearness in (0.0, 0.4, 0.75, 1.0):
        layer = Image.new("L", image.size)
        windows = Image.new("L", image.size)
        towers, panes = ImageDraw.Draw(layer), ImageDraw.Draw(windows)
        x = -20 * unit
        while x < width:
            wide = unit * chance.uniform(28, 60) * (0.8 + nearness * 0.8)
            top = horizon + height * (0.26 * nearness - 0.05 - chance.betavariate(1.5, 3) * 0.38)
            towers.rectangle((x, top, x + wide, height), fill=255)
            if chance.random() < _MAST_SHARE:
                towers.rectangle((x + wide * 0.46, top - wide, x + wide * 0.52, top), fill=255)
            _windows(chance, panes, (x, top, wide), height, unit * (0.7 + nearness * 0.8))
            x += wide * chance.uniform(0.9, 1.15)
        colour = _layer_colour(palette, nearness)
        shade = column([colour, mix(colour, palette.at(_haze(palette)), 0.35)], image.size)
        image.paste(shade, mask=layer)
        strength = 0.25 + 0.65 * nearness
        dim = ImageChops.multiply(windows, layer).point([round(v * strength) for v in range(256)])
        image.paste(chance.choice(lit), mask=dim)


def _windows(
    chance: Random,
    draw: ImageDraw.ImageDraw,
    tower: tuple[float, float, float],
    bottom: int,
    unit: float,
) -> None:
    left, top, wide = tower
    pane, gap = 4 * unit, 9 * unit
    y = top + gap
    while y < bottom:
        x = left + gap * 0.7
        while x + pane < left + wide - pane:
            if chance.random() < _LIT_SHARE:
                draw.rectangle((x, y, x + pane, y + pane), fill=chance.choice((120, 200, 255)))
            x += gap
        y += gap
