"""The generator of a server without an account: pictures that cost nothing upstream."""

import asyncio
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from random import Random
from typing import Final

from PIL import Image

from gql_server.domain.errors import GenerationFailed
from gql_server.inference.generator import GeneratedPicture, GenerationRequest
from gql_server.inference.preview.abstracts import discs, flow, silk
from gql_server.inference.preview.caption import write_caption
from gql_server.inference.preview.landscapes import landscape
from gql_server.inference.preview.palettes import Palette, Scene, choose
from gql_server.inference.preview.sources import worked_in
from gql_server.inference.preview.textures import Size
from gql_server.pictures.decoding import NotAPicture
from gql_server.pictures.inspection import inspect_picture

_USUAL_SIDE: Final = 1024
_LARGEST_DRAWN: Final = 1280
"""Pixels along the longer side that a scene is drawn at: larger pictures are scaled up from it."""

_SIDE_BY_SIDE: Final = 2


class PreviewGenerator:
    """Draws a picture from the prompt's hash and words, with the prompt written on it.

    The same request gives the same bytes. Two are drawn at a time; others wait.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="preview")

    @property
    def is_preview(self) -> bool:
        """Always: these pictures only stand in for a model's."""
        return True

    async def generate(self, request: GenerationRequest) -> GeneratedPicture:
        """Draw one picture: a PNG of the size asked for, 1024 by 1024 by default.

        Raises:
            GenerationFailed: A source picture or the mask cannot be decoded.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _timed, request)

    async def close(self) -> None:
        """Wait for what is being drawn; what still waits is given up."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)


def _timed(request: GenerationRequest) -> GeneratedPicture:
    start = time.perf_counter()
    try:
        image = _draw(request)
    except NotAPicture as error:
        message = f"A source picture cannot be used: {error.reason}."
        raise GenerationFailed(message, retryable=False) from error
    out = BytesIO()
    image.save(out, "PNG", compress_level=2)
    data = out.getvalue()
    seconds = time.perf_counter() - start
    return GeneratedPicture(data=data, facts=inspect_picture(data), seconds=seconds)


def _draw(request: GenerationRequest) -> Image.Image:
    size = (request.parameters.width or _USUAL_SIDE, request.parameters.height or _USUAL_SIDE)
    chance = _chance(request)
    palette, scene = choose(request.prompt, chance)
    art = _scene(chance, palette, scene, _drawn_at(size))
    image = worked_in(
        art.resize(size, Image.Resampling.LANCZOS),
        palette,
        sources=request.source_images,
        mask=request.mask,
        strength=request.parameters.strength,
    )
    write_caption(
        image, prompt=request.prompt, model_name=request.model.name, accent=palette.at(0.9)
    )
    return image


def _scene(chance: Random, palette: Palette, scene: Scene, size: Size) -> Image.Image:
    match scene:
        case Scene.FLOW:
            return flow(chance, palette, size)
        case Scene.SILK:
            return silk(chance, palette, size)
        case Scene.DISCS:
            return discs(chance, palette, size)
        case _:
            return landscape(chance, palette, size, scene)


def _drawn_at(size: Size) -> Size:
    longest = max(size)
    scale = min(_LARGEST_DRAWN, max(512, longest * 2)) / longest
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _chance(request: GenerationRequest) -> Random:
    """Return chance that falls the same way for the same request, on any machine."""
    settings = request.parameters
    told = (
        request.model.id,
        request.prompt,
        settings.negative_prompt,
        settings.seed,
        settings.steps,
        settings.guidance,
    )
    digest = hashlib.sha256(repr(told).encode("utf-8", "surrogatepass")).digest()
    return Random(int.from_bytes(digest))  # noqa: S311 - it draws pictures and keeps no secret
