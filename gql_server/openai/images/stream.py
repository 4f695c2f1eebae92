"""Images as a stream of events: one for each, when it is ready."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

import orjson
from starlette.responses import StreamingResponse

from gql_server.domain.errors import GenerationPending
from gql_server.generation.generate import GeneratedImage
from gql_server.openai.context import Context
from gql_server.openai.errors.translation import problem_of
from gql_server.openai.images.answers import EventType, completed_event, headers_of
from gql_server.openai.images.plan import Plan

_QUICK_SECONDS: Final = 1.0
"""An error that comes within this time is the response's status, and not an event."""
_KEEP_ALIVE_SECONDS: Final = 15.0
_KEEP_ALIVE: Final = b": the image is being generated\n\n"


async def raise_early_errors(tasks: Sequence[asyncio.Task[GeneratedImage]]) -> None:
    """Wait for errors that come at once, such as those of the request.

    Raises:
        Exception: All images failed; the first error.
    """
    done, waiting = await asyncio.wait(tasks, timeout=_QUICK_SECONDS)
    errors = [error for task in tasks if task in done and (error := task.exception())]
    if not waiting and len(errors) == len(tasks):
        raise min(errors, key=lambda error: not isinstance(error, GenerationPending))


def event_stream(
    context: Context,
    plan: Plan,
    tasks: Sequence[asyncio.Task[GeneratedImage]],
    kind: EventType,
    held: AsyncExitStack,
) -> StreamingResponse:
    """Answer with an event for each image, in the order in which they are ready.

    An image that fails is an event, too: ``error``.

    Args:
        context: The context of the request.
        plan: What to generate.
        tasks: The images.
        kind: The type of the events.
        held: What the images need; closed when the stream ends.
    """
    return StreamingResponse(
        _events(context, plan, tasks, kind, held),
        media_type="text/event-stream",
        headers={**headers_of(plan), "X-Accel-Buffering": "no"},
    )


async def _events(
    context: Context,
    plan: Plan,
    tasks: Sequence[asyncio.Task[GeneratedImage]],
    kind: EventType,
    held: AsyncExitStack,
) -> AsyncIterator[bytes]:
    async with held:
        waiting = set(tasks)
        while waiting:
            done, waiting = await asyncio.wait(
                waiting, timeout=_KEEP_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                yield _KEEP_ALIVE
            for task in sorted(done, key=tasks.index):
                yield await _event(context, plan, task, kind)


async def _event(
    context: Context, plan: Plan, task: asyncio.Task[GeneratedImage], kind: EventType
) -> bytes:
    try:
        event = await completed_event(context, plan, task.result(), kind)
    except Exception as error:  # noqa: BLE001 - translated, or masked and logged
        problem = problem_of(error, shows_server_totals=context.principal.is_admin)
        return _written("error", {"type": "error", "error": problem.body})
    return _written(kind, event.model_dump(exclude_none=True))


def _written(name: str, data: dict[str, Any]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(data))
