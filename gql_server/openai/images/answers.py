"""Generated images as responses."""

import asyncio
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from starlette.responses import JSONResponse, Response

from gql_server.domain.errors import GenerationFailed
from gql_server.domain.money import to_dollars
from gql_server.generation.generate import GeneratedImage
from gql_server.inference.unit_prices import PriceUnit
from gql_server.openai.context import Context
from gql_server.openai.errors.problem import Problem
from gql_server.openai.images.plan import Plan
from gql_server.openai.options import COST, FAILED, IGNORED, SIZE_ADJUSTED
from gql_server.openai.schemas.responses import (
    CompletedEvent,
    ErrorBody,
    GeneratedPicture,
    ImagesAnswer,
    InputTokens,
    OutputTokens,
    Usage,
)
from gql_server.storage.store import StoreMisconfigured, StoreUnavailable

EventType = Literal["image_generation.completed", "image_edit.completed"]


async def images_response(
    context: Context, plan: Plan, made: Sequence[GeneratedImage], failed: Sequence[Problem]
) -> Response:
    """Write the images of a request."""
    first = made[0].image
    answer = ImagesAnswer(
        created=int(first["created_at"].timestamp()),
        data=[await _picture(context, plan, one) for one in made],
        size=f"{first['width']}x{first['height']}",
        quality=first["parameters"].get("quality"),
        background=first["parameters"].get("background"),
        output_format=_format(first["content_type"]),
        usage=_usage(context, made),
        safety_identifier=plan.user,
        warnings=_warnings(context, made) or None,
        errors=[ErrorBody(**one.body) for one in failed] or None,
    )
    headers = {
        **headers_of(plan, (first["width"], first["height"])),
        COST: f"{to_dollars(sum(one.image['cost'] for one in made)):.9f}",
    }
    if failed:
        headers[FAILED] = str(len(failed))
    return JSONResponse(answer.model_dump(exclude_none=True), headers=headers)


async def completed_event(
    context: Context, plan: Plan, made: GeneratedImage, kind: EventType
) -> CompletedEvent:
    """Return the event of an image that is ready."""
    image, settings = made.image, made.image["parameters"]
    return CompletedEvent(
        type=kind,
        id=image["id"],
        b64_json=await _base64(context, image["storage_key"]),
        created_at=int(image["created_at"].timestamp()),
        size=f"{image['width']}x{image['height']}",
        quality=settings.get("quality") or "auto",
        background=settings.get("background") or "auto",
        output_format=_format(image["content_type"]),
        usage=_usage(context, [made]),
        safety_identifier=plan.user,
    )


def headers_of(plan: Plan, size: tuple[int, int] | None = None) -> dict[str, str]:
    """Return the headers that say what of a request was changed.

    Args:
        plan: What was requested.
        size: The size of the image; None: it is not known yet.
    """
    headers = {}
    expected = plan.expected_size
    if size is None and expected is not None:
        size = (expected.width, expected.height)
    requested = plan.requested_size
    if requested is not None and size not in {None, (requested.width, requested.height)}:
        assert size is not None  # noqa: S101 - one that differs is known
        headers[SIZE_ADJUSTED] = f"{requested.width}x{requested.height} to {size[0]}x{size[1]}"
    if plan.ignored:
        headers[IGNORED] = ", ".join(plan.ignored)
    return headers


async def _picture(context: Context, plan: Plan, made: GeneratedImage) -> GeneratedPicture:
    key = made.image["storage_key"]
    if plan.as_url:
        return GeneratedPicture(id=made.image["id"], url=await context.services.store.url(key))
    return GeneratedPicture(id=made.image["id"], b64_json=await _base64(context, key))


async def _base64(context: Context, key: str) -> str:
    try:
        stored = await context.services.store.get(key)
    except (StoreUnavailable, StoreMisconfigured) as error:
        # Without an idempotency key, a repeated request would generate and charge another image.
        is_repeatable = context.key is not None and isinstance(error, StoreUnavailable)
        raise _unreadable(is_repeatable=is_repeatable) from error
    if stored is None:
        raise _unreadable(is_repeatable=False)
    return (await asyncio.to_thread(b64encode, stored.data)).decode("ascii")


def _unreadable(*, is_repeatable: bool) -> GenerationFailed:
    return GenerationFailed(
        "The image was generated, stored and charged, but its file cannot be read at the moment.",
        retryable=is_repeatable,
        store_failed=True,
    )


def _format(content_type: str) -> str:
    return content_type.removeprefix("image/").partition("+")[0]


def _warnings(context: Context, made: Sequence[GeneratedImage]) -> list[str]:
    is_admin = context.principal.is_admin
    found = [state.warning_for(is_admin=is_admin) for one in made for state in one.exceeded]
    return list(dict.fromkeys(found))


def _usage(context: Context, made: Sequence[GeneratedImage]) -> Usage | None:
    """Add up the tokens of images; None if those of an image are no longer known."""
    counted: dict[PriceUnit, int] = {}
    for one in made:
        model = context.services.catalogue.get(one.image["model_id"])
        is_preview = one.image["is_preview"]
        if one.usage is None and not is_preview and model is not None and model.is_metered:
            return None
        for unit, count in (one.usage or {}).items():
            counted[unit] = counted.get(unit, 0) + count
    return _tokens(counted)


def _tokens(counted: Mapping[PriceUnit, int]) -> Usage:
    def total(*units: PriceUnit) -> int:
        return sum(counted.get(unit, 0) for unit in units)

    text = total(PriceUnit.INPUT_TEXT_TOKEN, PriceUnit.CACHED_TEXT_TOKEN)
    images = total(PriceUnit.INPUT_IMAGE_TOKEN, PriceUnit.CACHED_IMAGE_TOKEN)
    details: dict[str, Any] = {
        "input_tokens_details": InputTokens(text_tokens=text, image_tokens=images),
        "output_tokens_details": OutputTokens(
            text_tokens=total(PriceUnit.OUTPUT_TEXT_TOKEN),
            image_tokens=total(PriceUnit.OUTPUT_IMAGE_TOKEN),
        ),
    }
    output = total(PriceUnit.OUTPUT_TEXT_TOKEN, PriceUnit.OUTPUT_IMAGE_TOKEN)
    return Usage(
        input_tokens=text + images,
        output_tokens=output,
        total_tokens=text + images + output,
        **details,
    )
