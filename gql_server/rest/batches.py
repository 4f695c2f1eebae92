"""Batches: many pictures asked for at once."""

from typing import Annotated, Any, Final, Literal

from fastapi import Body, Path, Response
from fastapi.openapi.models import Example

from gql_server.batches.create import create_batch
from gql_server.batches.queries import estimated_finish, get_batches
from gql_server.batches.requests import BatchPicture, BatchRequest
from gql_server.batches.validation import MAX_PICTURES, checking_cost
from gql_server.database.engine.pages import Facts
from gql_server.domain.batches import BatchPriority, BatchStatus, PauseReason
from gql_server.domain.errors import BatchNotFound
from gql_server.domain.money import to_dollars
from gql_server.generation.requests import PictureRequest
from gql_server.processes.bulk_work import bulk_work
from gql_server.rest.context import Context, ContextOfRequest
from gql_server.rest.fields import (
    BATCH_ID,
    FLUX,
    MOMENT_EXAMPLE,
    USER,
    Answer,
    Given,
    Moment,
    described,
)
from gql_server.rest.generation import IdempotencyKey, unquoted
from gql_server.rest.parameters import PictureSettings, settings_from

_HOOK = "https://your-app.com/webhooks/generation-complete"

BatchId = Annotated[str, Path(description="The batch.", examples=[BATCH_ID])]


class Prompts(Given):
    """What pictures show."""

    prompts: list[str] = described(
        "A picture for each.",
        ["Mountain landscape at sunset", "Ocean waves during golden hour"],
        min_length=1,
        max_length=MAX_PICTURES,
        fail_fast=True,
    )


_EXAMPLES: Final[dict[str, Example]] = {
    "Two pictures": {
        "summary": "Two pictures",
        "value": {
            "prompts": ["Mountain landscape at sunset", "Ocean waves during golden hour"],
            "model": FLUX,
        },
    }
}


class GenerateBatchRequest(PictureSettings, Prompts):
    """Many pictures to make. The settings hold for every one; `max_cost` is for all together."""

    images_per_prompt: int = described(
        "How many pictures of each prompt, with seeds that differ.", 1, 1, ge=1, le=MAX_PICTURES
    )
    priority: Literal["high", "normal", "low"] = described(
        "Which of your batches comes first.", "normal", "normal"
    )
    webhook_url: str | None = described(
        "An address that is told of the batch's end: signed, and tried again for a day.",
        _HOOK,
        None,
    )


class Batch(Answer):
    """Many pictures that were asked for at once. Its counts always add up to `total`."""

    id: str = described("Its id: `bat_…`. Its images are at /api/images?batch_id=….", BATCH_ID)
    status: BatchStatus = described("Where it stands.", "running")
    priority: BatchPriority = described("Which of its user's batches comes first.", "normal")
    total: int = described("How many pictures were asked for.", 3)
    queued: int = described("How many wait for their turn.", 1)
    running: int = described("How many are being made.", 1)
    succeeded: int = described("How many were made, kept and charged.", 1)
    failed: int = described("How many could not be made.", 0)
    canceled: int = described("How many were canceled before they were made.", 0)
    progress: float = described("The share that has ended, from 0 to 1.", 0.33)
    cost: float = described("What was charged so far, in US dollars.", 0.01)
    estimated_cost: float = described(
        "What it will have cost at its end, as far as is known by now, in US dollars.", 0.03
    )
    estimated_finish_at: Moment | None = described(
        "When it will have ended, as far as is known by now; null while it is paused.",
        MOMENT_EXAMPLE,
    )
    paused_reason: PauseReason | None = described(
        "Why it waits; null unless it is paused.", "daily_allocation_used"
    )
    resumes_at: Moment | None = described(
        "When it goes on by itself; null unless it is paused.", MOMENT_EXAMPLE
    )
    webhook_url: str | None = described("Who is told of its end.", _HOOK)
    user_id: str = described("Whose it is.", USER)
    created_at: Moment = described("When it was accepted.", MOMENT_EXAMPLE)
    started_at: Moment | None = described("When its first picture was begun.", MOMENT_EXAMPLE)
    finished_at: Moment | None = described("When its last picture ended.", MOMENT_EXAMPLE)


class NewBatch(Batch):
    """The batch that was accepted."""

    warnings: list[str] = described(
        "What there is to know though it was accepted: a soft budget is passed. Else left out.",
        ["The user's monthly budget of $10 is passed."],
        [],
    )


async def generate_batch(
    context: ContextOfRequest,
    given: Annotated[GenerateBatchRequest, Body(openapi_examples=_EXAMPLES)],
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> NewBatch:
    """Accept a batch, and answer at once."""
    await context.spend(checking_cost(len(given.prompts), given.images_per_prompt))
    created = await create_batch(
        context.parts,
        context.principal,
        await _request(given),
        idempotency_key=unquoted(idempotency_key),
    )
    batch = NewBatch(**_shown(context, created.facts))
    if created.passed:
        batch.warnings = context.warnings(created.passed)
    response.headers["Location"] = f"/api/batch/{batch.id}"
    return batch


async def get_batch(context: ContextOfRequest, id: BatchId) -> Batch:
    """Return one of the caller's batches."""
    found = await get_batches(context.parts, context.principal, [id])
    if id not in found:
        raise BatchNotFound(id)
    return Batch(**_shown(context, found[id]))


async def _request(given: GenerateBatchRequest) -> BatchRequest:
    settings = settings_from(given)
    pictures: list[BatchPicture] = []
    async with bulk_work() as pace:
        for index, prompt in enumerate(given.prompts):
            await pace.keep()
            pictures.append(
                BatchPicture(
                    request=PictureRequest(prompt=prompt, **settings),
                    path=("prompts", index),
                    own=frozenset({"prompt"}),
                )
            )
    return BatchRequest(
        pictures=pictures,
        images_per_prompt=given.images_per_prompt,
        priority=BatchPriority(given.priority),
        max_cost=given.max_cost,
        webhook_url=given.webhook_url,
    )


def _shown(context: Context, facts: Facts) -> dict[str, Any]:
    as_they_are = Batch.model_fields.keys() & facts.keys()
    return {name: facts[name] for name in as_they_are} | {
        "progress": 1 - (facts["queued"] + facts["running"]) / facts["total"],
        "cost": to_dollars(facts["cost"]),
        "estimated_cost": to_dollars(facts["estimated_cost"]),
        "estimated_finish_at": estimated_finish(facts, concurrency=context.parts.batch_concurrency),
    }
