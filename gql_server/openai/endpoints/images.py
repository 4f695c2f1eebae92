"""Generating images from prompts and from other images."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from typing import Any, Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from gql_server.generation.generate import GeneratedImage
from gql_server.openai.bodies.forms import given_form
from gql_server.openai.bodies.json_bodies import JSON, kind_of, read_json
from gql_server.openai.bodies.pictures import GivenPictures, referenced
from gql_server.openai.context import Context
from gql_server.openai.errors.translation import problem_of
from gql_server.openai.images.answers import EventType, images_response
from gql_server.openai.images.plan import Plan, plan_of
from gql_server.openai.images.produce import outcomes, started
from gql_server.openai.images.sources import stored_sources
from gql_server.openai.images.stream import event_stream, raise_early_errors
from gql_server.openai.schemas.requests import (
    CommonParameters,
    EditParameters,
    EditRequest,
    GenerateRequest,
    VariationParameters,
    VariationRequest,
)
from gql_server.web.forms import FORM

_OF_THE_RESPONSE: Final = {"response_format", "stream", "partial_images"}
"""Parameters that may differ between requests with the same idempotency key."""
_PICTURES: Final = {"images", "image", "mask"}

_GENERATED: Final[EventType] = "image_generation.completed"
_EDITED: Final[EventType] = "image_edit.completed"


class _Produced(NamedTuple):
    """Images that were generated, and the errors of the others."""

    made: Sequence[GeneratedImage]
    failed: Sequence[Exception]


async def generate(context: Context, request: Request) -> Response:
    """Generate images from a prompt."""
    kind_of(request, JSON)
    body = await read_json(request, context.options.bounds)
    given = GenerateRequest.model_validate(body, strict=True)
    plan = plan_of(given, context.names)
    await context.spend(plan.number - 1)
    produced = await _produce(context, plan, given, "createImage", _GENERATED)
    return await _respond(context, plan, produced)


async def edit(context: Context, request: Request) -> Response:
    """Generate images from a prompt and other images."""
    if kind_of(request, FORM, JSON) == JSON:
        body = await read_json(request, context.options.bounds)
        given = EditRequest.model_validate(body, strict=True)
        pictures = GivenPictures(
            tuple(referenced(one, f"images[{index}]") for index, one in enumerate(given.images)),
            referenced(given.mask, "mask") if given.mask is not None else None,
        )
        return await _with_pictures(context, given, pictures, "createImageEdit")
    async with _form(context, request) as (parameters, pictures):
        parsed = EditParameters.model_validate(parameters)
        return await _with_pictures(context, parsed, pictures, "createImageEdit")


async def vary(context: Context, request: Request) -> Response:
    """Generate images that are like another."""
    if kind_of(request, FORM, JSON) == JSON:
        body = await read_json(request, context.options.bounds)
        given = VariationRequest.model_validate(body, strict=True)
        pictures = GivenPictures((referenced(given.image, "image"),))
        return await _with_pictures(context, given, pictures, "createImageVariation")
    async with _form(context, request) as (parameters, pictures):
        parsed = VariationParameters.model_validate(parameters)
        return await _with_pictures(context, parsed, pictures, "createImageVariation")


def _form(
    context: Context, request: Request
) -> AbstractAsyncContextManager[tuple[dict[str, Any], GivenPictures]]:
    return given_form(
        request,
        max_sources=context.services.catalogue.max_sources,
        seconds=context.options.bounds.seconds,
    )


async def _with_pictures(
    context: Context, given: CommonParameters, pictures: GivenPictures, operation: str
) -> Response:
    plan = plan_of(
        given,
        context.names,
        sources=len(pictures.sources),
        has_mask=pictures.mask is not None,
    )
    await context.spend(plan.number - 1 + len(pictures.sources) + (pictures.mask is not None))
    async with stored_sources(context, pictures, plan.request) as stored:
        complete = replace(plan, request=stored.in_request(plan.request))
        produced = await _produce(
            context, complete, given, operation, _EDITED, fingerprints=stored.fingerprints
        )
    return await _respond(context, complete, produced)


async def _produce(
    context: Context,
    plan: Plan,
    given: CommonParameters,
    operation: str,
    kind: EventType,
    *,
    fingerprints: tuple[str, ...] = (),
) -> _Produced | Response:
    """Generate the images; return them, or the stream that will have them."""
    compared = _compared(given, fingerprints)
    async with AsyncExitStack() as held:
        tasks = await held.enter_async_context(
            started(context, plan, operation=operation, given=compared)
        )
        if getattr(given, "stream", False):
            await raise_early_errors(tasks)
            return event_stream(context, plan, tasks, kind, held.pop_all())
        return _Produced(*await outcomes(tasks))


async def _respond(context: Context, plan: Plan, produced: _Produced | Response) -> Response:
    if isinstance(produced, Response):
        return produced
    shows_totals = context.principal.is_admin
    problems = [problem_of(error, shows_server_totals=shows_totals) for error in produced.failed]
    return await images_response(context, plan, produced.made, problems)


def _compared(given: CommonParameters, fingerprints: tuple[str, ...]) -> Mapping[str, Any]:
    """Return the input by which requests with the same idempotency key are compared."""
    left_out = _OF_THE_RESPONSE | _PICTURES
    values = given.model_dump(exclude_unset=True, exclude_none=True, exclude=left_out)
    return {**values, "images": list(fingerprints)}
