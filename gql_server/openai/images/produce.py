"""Generating the images of a request: each is paid, stored and remembered on its own."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from gql_server.domain.errors import GenerationPending
from gql_server.generation.generate import GeneratedImage, generate_request
from gql_server.openai.context import Context
from gql_server.openai.images.plan import Plan


@asynccontextmanager
async def started(
    context: Context, plan: Plan, *, operation: str, given: Mapping[str, Any]
) -> AsyncIterator[Sequence[asyncio.Task[GeneratedImage]]]:
    """Start to generate the images; the end of the block ends the wait for them.

    What was started is finished, stored and charged nevertheless. With an idempotency key, each
    image has a part of it: a repeated request returns those that there are, and generates the
    others.

    Args:
        context: The context of the request.
        plan: What to generate.
        operation: Name of the operation that the idempotency key belongs to.
        given: The caller's input, by which requests with the same key are compared.
    """
    tasks = [
        asyncio.create_task(
            generate_request(
                context.services,
                context.principal,
                plan.request_of(index),
                operation=f"{operation}/{index}",
                given=lambda: given,
                idempotency_key=context.key,
            ),
            name=f"{operation} {index}",
        )
        for index in range(plan.number)
    ]
    for task in tasks:
        task.add_done_callback(_retrieved)
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def outcomes(
    tasks: Sequence[asyncio.Task[GeneratedImage]],
) -> tuple[list[GeneratedImage], list[Exception]]:
    """Wait for the images; return those that were generated, in order, and the errors.

    Raises:
        Exception: The first error, if no image was generated; that of an image that is still being
            generated before others, because it will be charged.
    """
    await asyncio.wait(tasks)
    errors = [error for task in tasks if isinstance(error := task.exception(), Exception)]
    if len(errors) == len(tasks):
        raise min(errors, key=lambda error: not isinstance(error, GenerationPending))
    return [task.result() for task in tasks if task.exception() is None], errors


def _retrieved(task: asyncio.Task[GeneratedImage]) -> None:
    """Mark the error of an image as seen: its client may be gone."""
    if not task.cancelled():
        task.exception()
