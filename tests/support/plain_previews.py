"""Previews of coloured squares in place of scenes: drawing scenes took most of many tests' time."""

from random import Random

import pytest
from PIL import Image

_ART = "gql_server.inference.preview.generator._art"
_SQUARES = 4


def draw_squares(patch: pytest.MonkeyPatch) -> None:
    """Have previews of this process show squares. All else is as on a server.

    The colours depend on the request, as scenes do, and the caption is on them.
    """
    patch.setattr(_ART, _squares)


def _squares(
    chance: Random, _palette: object, _scene: object, size: tuple[int, int]
) -> Image.Image:
    colours = chance.randbytes(3 * _SQUARES * _SQUARES)
    squares = Image.frombytes("RGB", (_SQUARES, _SQUARES), colours)
    return squares.resize(size, Image.Resampling.NEAREST)
