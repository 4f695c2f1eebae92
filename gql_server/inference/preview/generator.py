"""The generator of a server without an account: images that cost nothing upstream."""

import asyncio
import hashlib
import math
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import replace
from io import BytesIO
from random import Random
from typing import Final

from PIL import Image, ImageFilter

from gql_server.domain.errors import GenerationFailed
from gql_server.domain.parameters import Parameters
from gql_server.inference.attempts import while_needed
from gql_server.inference.generator import (
    GeneratedPicture,
    GenerationRequest,
    NotFetched,
    RemoteImage,
)
from gql_server.inference.model_calls import ModelCall
from gql_server.inference.preview.abstracts import discs, flow, silk
from gql_server.inference.preview.caption import write_caption
from gql_server.inference.preview.landscapes import landscape
from gql_server.inference.preview.outcomes import Outcomes
from gql_server.inference.preview.palettes import Palette, Scene, choose
from gql_server.inference.preview.sources import worked_in
from gql_server.inference.preview.textures import Size
from gql_server.pictures.decoding import NotAPicture
from gql_server.pictures.inspection import inspect_picture

_USUAL_SIDE: Final = 1024
_FINEST: Final = 2.0
"""Scenes are drawn this much larger where time allows, which smooths their edges."""

_MAX_PIXELS: Final = 2_400_000
"""Scenes are drawn with this many pixels at most, however large the image, for speed."""

_MAX_DERIVED_PIXELS: Final = 4_200_000
"""Previews have this many pixels at most, where no width and height are set."""

_MIN_SIDE: Final = 96
"""Scenes need this many pixels along a side to have forms at all."""

_SMOOTH_ENOUGH: Final = 1.4
"""Scenes that were drawn less than this much larger have their edges softened."""

_SIDE_BY_SIDE: Final = 2


class PreviewGenerator:
    """Draws an image from the prompt's hash and words, with the prompt written on it.

    The same request gives the same bytes. Two are drawn at a time; others wait. A prompt can ask
    for another outcome; see ``outcomes``.
    """

    def __init__(self) -> None:
        self._outcomes = Outcomes()
        self._threads = ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="preview")

    @property
    def is_preview(self) -> bool:
        """Always true: the images are drawn without a model."""
        return True

    async def generate(self, request: GenerationRequest) -> GeneratedPicture:
        """Draw one image: a PNG of the requested size, 1024 by 1024 by default.

        Raises:
            GenerationFailed: A source image or the mask cannot be decoded.
            DomainError: The prompt asks for this error.
        """
        async with AsyncExitStack() as call:
            model_call = call.enter_context(ModelCall(request, _outcome_of))
            slot = call.enter_async_context(request.call_slot())
            await while_needed(slot, request.is_needed)
            model_call.begin()
            outcome = self._outcomes.of(
                model_id=request.model.id,
                prompt=request.prompt,
                seed_was_given=request.seed_was_given,
            )
            if outcome.seconds:
                await asyncio.sleep(outcome.seconds)
            if outcome.error is not None:
                raise outcome.error
            if outcome.size is not None:
                request = _resized(request, outcome.size)
            loop = asyncio.get_running_loop()
            picture = await loop.run_in_executor(self._threads, _timed, request)
            return replace(picture, seconds=picture.seconds + outcome.seconds)

    async def fetch(self, image: RemoteImage) -> GeneratedPicture:
        """Raise: previews are never elsewhere.

        Raises:
            NotFetched: Always.
        """
        raise NotFetched(f"a preview server does not fetch {image.url}")

    async def close(self) -> None:
        """Wait for what is being drawn; what still waits is given up."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)


def _outcome_of(error: BaseException) -> str:
    return "error" if isinstance(error, Exception) else "canceled"


def _resized(request: GenerationRequest, size: tuple[int, int]) -> GenerationRequest:
    width, height = size
    request = replace(request, size=None)
    return replace(request, parameters=replace(request.parameters, width=width, height=height))


def _timed(request: GenerationRequest) -> GeneratedPicture:
    start = time.perf_counter()
    try:
        image = _draw(request)
    except NotAPicture as error:
        message = f"A source image cannot be used: {error.reason}."
        raise GenerationFailed(message, retryable=False) from error
    out = BytesIO()
    image.save(out, "PNG", compress_level=2)
    data = out.getvalue()
    seconds = time.perf_counter() - start
    seed = request.parameters.seed
    return GeneratedPicture(data=data, info=inspect_picture(data), seconds=seconds, seed=seed)


def _draw(request: GenerationRequest) -> Image.Image:
    size = _size(request)
    chance = _chance(request)
    palette, scene = choose(request.prompt, chance)
    image = worked_in(
        _art(chance, palette, scene, size),
        palette,
        sources=request.source_images,
        mask=request.mask,
        strength=request.parameters.strength,
    )
    write_caption(
        image, prompt=request.prompt, model_name=request.model.name, accent=palette.at(0.9)
    )
    return image


def _size(request: GenerationRequest) -> Size:
    settings = request.parameters
    if settings.width and settings.height:
        return settings.width, settings.height
    size = request.size or request.model.default_size
    # A model may enlarge to more pixels than are worth drawing.
    scale = min(1.0, math.sqrt(_MAX_DERIVED_PIXELS / (size.width * size.height)))
    return max(1, round(size.width * scale)), max(1, round(size.height * scale))


def _art(chance: Random, palette: Palette, scene: Scene, size: Size) -> Image.Image:
    scale = min(_FINEST, math.sqrt(_MAX_PIXELS / (size[0] * size[1])))
    art = _scene(chance, palette, scene, (_scaled(size[0], scale), _scaled(size[1], scale)))
    if scale < _SMOOTH_ENOUGH:
        art = art.filter(ImageFilter.GaussianBlur(0.6))
    return art.resize(size, Image.Resampling.LANCZOS)


def _scaled(side: int, scale: float) -> int:
    return max(_MIN_SIDE, round(side * scale))


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


def _chance(request: GenerationRequest) -> Random:
    """Return chance that falls the same way for the same request, on any machine."""
    settings = request.parameters
    inputs = (
        request.model.id,
        request.prompt,
        settings.negative_prompt,
        settings.seed,
        settings.steps,
        settings.guidance,
        *_further(settings),
    )
    digest = hashlib.sha256(repr(inputs).encode("utf-8", "surrogatepass")).digest()
    return Random(int.from_bytes(digest))  # noqa: S311 - it draws images and keeps no secret


def _further(settings: Parameters) -> tuple[object, ...]:
    """Return the settings that the first models do not have, so that theirs are drawn as ever."""
    names = ("aspect_ratio", "quality", "background", "output_format")
    found = [getattr(settings, name) for name in names]
    own = sorted((name, repr(value)) for name, value in settings.own.items())
    return (found, own) if own or any(found) else ()
