"""How a caller's own images are worked into a preview."""

from collections.abc import Sequence
from io import BytesIO
from typing import Final

from PIL import Image, ImageChops, ImageOps

from gql_server.inference.preview.palettes import Palette
from gql_server.inference.preview.textures import Size, tinted
from gql_server.pictures.resizing import fit_mask, fit_source

_USUAL_STRENGTH: Final = 0.6


def worked_in(
    art: Image.Image,
    palette: Palette,
    *,
    sources: Sequence[bytes],
    mask: bytes | None,
    strength: float | None,
) -> Image.Image:
    """Repaint the sources in the palette's colors, with the art shining through.

    Args:
        art: RGB.
        palette: The art's.
        sources: Encoded images; several stand side by side, melting into each other.
        mask: An encoded image; where it is black, the sources stay as they are.
        strength: 0 to 1: 0 is the sources as they are; at 1 their forms still show.

    Raises:
        NotAPicture: The bytes of a source or of the mask cannot be decoded.
    """
    if not sources:
        return art
    scene = _side_by_side(sources, art.size)
    forms = tinted(ImageOps.autocontrast(scene.convert("L")), palette.between(0.0, 1.0))
    painted = Image.blend(forms, ImageChops.soft_light(forms, art), 0.5)
    painted = Image.blend(painted, art, 0.35)
    share = _USUAL_STRENGTH if strength is None else max(0.0, min(1.0, strength))
    result = Image.blend(scene, painted, share)
    if mask is None:
        return result
    stencil = _opened(fit_mask(mask, width=art.width, height=art.height))
    return Image.composite(result, scene, stencil)


def _side_by_side(sources: Sequence[bytes], size: Size) -> Image.Image:
    width, height = size
    scene = _opened(fit_source(sources[0], width=width, height=height))
    for index, source in enumerate(sources[1:], start=1):
        seam = width * index / len(sources)
        soft = max(1.0, width * 0.06)
        ramp = [round(255 * max(0.0, min(1.0, (x - seam) / soft + 0.5))) for x in range(width)]
        melt = Image.frombytes("L", (width, 1), bytes(ramp)).resize(size)
        scene.paste(_opened(fit_source(source, width=width, height=height)), mask=melt)
    return scene


def _opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))
