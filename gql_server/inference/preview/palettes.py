"""Colours that go well together, and which of them a prompt's words call for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Final

from PIL import ImageColor

Colour = tuple[int, int, int]


class Scene(Enum):
    """What a preview shows."""

    HILLS = "hills"
    FOREST = "forest"
    SEA = "sea"
    CITY = "city"
    FLOW = "flow"
    SILK = "silk"
    DISCS = "discs"


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours from the darkest to the lightest.

    Attributes:
        colours: At least two.
        is_night: Its sky is the dark end, with stars; otherwise the light end.
    """

    colours: tuple[Colour, ...]
    is_night: bool = False

    def at(self, lightness: float) -> Colour:
        """Return the colour at 0 (the darkest) to 1 (the lightest), between its neighbours."""
        position = max(0.0, min(1.0, lightness)) * (len(self.colours) - 1)
        first = min(int(position), len(self.colours) - 2)
        return mix(self.colours[first], self.colours[first + 1], position - first)

    def between(self, start: float, end: float, count: int = 6) -> list[Colour]:
        """Return colours at even steps from one lightness to another."""
        return [self.at(start + (end - start) * step / (count - 1)) for step in range(count)]


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return the colour that is ``share`` of the way from the first to the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def choose(prompt: str, chance: Random) -> tuple[Palette, Scene]:
    """Choose colours and a scene by the prompt's words, or by chance where they say nothing."""
    words = re.findall(r"[a-z]+", prompt.lower())
    lights = [mood for mood in _LIGHTS if mood.words.intersection(words)]
    places = [mood for mood in _PLACES if mood.words.intersection(words)]
    palettes = [name for mood in lights or places for name in mood.palettes]
    scenes = [scene for mood in places or lights for scene in mood.scenes]
    palettes = palettes or sorted(_PALETTES)
    scenes = scenes or list(Scene)
    return _PALETTES[chance.choice(palettes)], chance.choice(scenes)


def _palette(colours: str, *, is_night: bool = False) -> Palette:
    rgb = (ImageColor.getrgb(f"#{colour}")[:3] for colour in colours.split())
    return Palette(tuple((red, green, blue) for red, green, blue in rgb), is_night)


_PALETTES: Final = {
    "autumn": _palette("2a0f0a 5e1f12 9d3a18 d16a1f eba83f f9e2a0"),
    "blossom": _palette("2d1a35 6b2d5c b34f84 e88aa8 f6c4c8 fdf1e8"),
    "dawn": _palette("2b2a4c 6b4f7f b76e8f ec9a9a f8c8b0 fff0dc"),
    "desert": _palette("3a1510 7a2f1d b9552b e08e45 f2c078 fbecc8"),
    "forest": _palette("0d1f17 1c3d2a 3a6b3f 7fa05a c9cf8d f4f1d0"),
    "gold": _palette("071a24 0f3b46 1f6f6b 6fa57a e0b860 fbe9bd"),
    "ink": _palette("14161a 33383f 646b73 9aa1a6 cfd2d2 f5f3ee"),
    "neon": _palette("0a0618 220a4a 5a1196 c01fb0 ff5fa2 ffd6c9", is_night=True),
    "night": _palette("05071a 101640 25307a 4f55b0 9b8fd9 e8dcff", is_night=True),
    "ocean": _palette("04202f 0a3f57 12708a 35a7b5 8fd6cf eaf7ec"),
    "sunset": _palette("1b1035 4a1c5c a32f6b e8604c f9a857 ffe3a8"),
    "winter": _palette("12202e 2e4a63 5f86a3 9dbdd1 d3e3ec fbfdfe"),
}


@dataclass(frozen=True, slots=True)
class _Mood:
    words: frozenset[str]
    palettes: Sequence[str] = ()
    scenes: Sequence[Scene] = ()


def _mood(words: str, palettes: str = "", *scenes: Scene) -> _Mood:
    return _Mood(frozenset(words.split()), palettes.split(), scenes)


_LIGHTS: Final = (
    _mood("sunset dusk evening sundown twilight", "sunset", Scene.HILLS, Scene.SEA, Scene.CITY),
    _mood("dawn sunrise morning pastel mist foggy", "dawn", Scene.HILLS, Scene.FOREST),
    _mood("night midnight moon moonlight stars starry dark", "night", Scene.HILLS, Scene.CITY),
    _mood("winter snow snowy ice icy frozen frost arctic", "winter", Scene.HILLS, Scene.FOREST),
    _mood("autumn fall leaves october pumpkin harvest", "autumn", Scene.FOREST, Scene.FLOW),
    _mood("cyberpunk neon synthwave", "neon", Scene.CITY, Scene.DISCS),
    _mood("gold golden luxury treasure honey", "gold", Scene.SILK, Scene.DISCS),
    _mood("ink sketch monochrome pencil charcoal noir", "ink", Scene.HILLS, Scene.FLOW),
)
"""What the light is decides on the colours before the place does."""

_PLACES: Final = (
    _mood(
        "ocean sea beach wave waves lake river coast island harbour ship boat", "ocean", Scene.SEA
    ),
    _mood("underwater fish coral whale water rain", "ocean", Scene.FLOW, Scene.SEA),
    _mood("forest jungle tree trees wood woods moss fern", "forest", Scene.FOREST),
    _mood("galaxy nebula space cosmic planet universe", "night neon", Scene.SILK, Scene.DISCS),
    _mood("mountain mountains hill hills valley alps", "", Scene.HILLS),
    _mood("desert sand dune dunes camel canyon mars", "desert", Scene.HILLS),
    _mood("city street skyline tokyo town urban building", "night sunset neon", Scene.CITY),
    _mood("robot hacker futuristic machine", "neon ocean", Scene.CITY, Scene.DISCS),
    _mood("flower flowers rose spring cherry garden love", "blossom", Scene.FLOW, Scene.SILK),
    _mood("fire lava volcano flame flames dragon", "sunset desert", Scene.SILK, Scene.FLOW),
    _mood("abstract marble fluid silk smoke texture", "gold ocean sunset", Scene.SILK),
    _mood("geometric minimal logo icon poster bauhaus", "gold dawn ocean", Scene.DISCS),
)
