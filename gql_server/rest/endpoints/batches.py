"""Batches: many images requested together."""

from typing import Annotated, Any, Final, Literal

from fastapi import Body, Path, Response
from fastapi.openapi.models import Example

from gql_server.batches.create import CreatedBatch, create_batch
from gql_server.batches.queries import estimated_finish, get_batches
from gql_server.batches.requests import BatchImage, BatchRequest
from gql_server.batches.validation import MAX_IMAGES, MAX_NAME_LENGTH, checking_cost
from gql_server.database.records.batches import BatchRecord
from gql_server.domain.batches import BatchPriority, BatchStatus, PauseReason
from gql_server.domain.errors import BatchNotFound
from gql_server.domain.money import to_dollars
from gql_server.generation.requests.prompts import MIN_PROMPT_LENGTH
from gql_server.generation.requests.request import ImageRequest
from gql_server.processes.bulk_work import bulk_work
from gql_server.rest.context import Context, ContextOfRequest
from gql_server.rest.endpoints.generation import IdempotencyKey
from gql_server.rest.schemas.fields import (
    BATCH_ID,
    FLUX,
    MOMENT_EXAMPLE,
    USER,
    Answer,
    Given,
    Moment,
    described,
)
from gql_server.rest.schemas.parameters import ImageSettings, settings_from
from gql_server.web.headers import unquoted
from gql_server.webhooks.addresses import MAX_URL_LENGTH

_HOOK = "https://your-app.com/webhooks/generation-complete"

BatchId = Annotated[str, Path(description="ID of the batch, `bat_…`.", examples=[BATCH_ID])]


class Prompts(Given):
    """Prompts of images."""

    prompts: list[str] = described(
        f"Prompts, 1 to {MAX_IMAGES:,}: one image for each. At least {MIN_PROMPT_LENGTH} "
        "characters each; the maximum depends on the model.",
        ["Mountain landscape at sunset", "Ocean waves during golden hour"],
        min_length=1,
        max_length=MAX_IMAGES,
        fail_fast=True,
    )


_EXAMPLES: Final[dict[str, Example]] = {
    "Two images": {
        "summary": "Two images",
        "value": {
            "prompts": ["Mountain landscape at sunset", "Ocean waves during golden hour"],
            "model": FLUX,
        },
    }
}


class BatchOptions(Given):
    """How a batch is carried out."""

    name: str | None = described(
        f"Name of the batch, for people: 1 to {MAX_NAME_LENGTH} characters. None when omitted.",
        "Summer catalogue",
        None,
    )
    priority: Literal["high", "normal", "low"] = described(
        "Priority among your own batches. Defaults to `normal`.", "normal", "normal"
    )
    webhook_url: str | None = described(
        f"Public `https://` URL of at most {MAX_URL_LENGTH:,} characters that receives a signed "
        "`batch.finished` webhook, retried for a day until it is delivered. No webhook is sent "
        "when omitted.",
        _HOOK,
        None,
    )


class GenerateBatchRequest(BatchOptions, ImageSettings, Prompts):
    """A batch of images to generate.

    Settings apply to every image; `max_cost` limits the whole batch.
    """

    images_per_prompt: int = described(
        f"Number of images for each prompt, from 1; the batch has at most {MAX_IMAGES:,} images in "
        "all. Each gets its own seed: a given seed is incremented by 1 for each further image. "
        "Defaults to 1.",
        1,
        1,
        ge=1,
        le=MAX_IMAGES,
    )


class Batch(Answer):
    """A set of images requested together. The counts always add up to `total`."""

    id: str = described(
        "ID of the batch, `bat_…`. List its images with `/api/images?batch_id=…`.", BATCH_ID
    )
    name: str | None = described(
        "Name of the batch, for people. Null when it has none.", "Summer catalogue"
    )
    status: BatchStatus = described("Current status.", "running")
    priority: BatchPriority = described("Priority among the user's own batches.", "normal")
    total: int = described("Number of images requested.", 3)
    queued: int = described("Number of items that have not started.", 1)
    running: int = described("Number of items being generated now.", 1)
    succeeded: int = described("Number of items whose image was generated, stored and charged.", 1)
    failed: int = described("Number of items that failed.", 0)
    canceled: int = described("Number of items canceled before they were generated.", 0)
    progress: float = described("Fraction of items that have finished, from 0 to 1.", 0.33)
    cost: float = described("Amount charged so far, in US dollars.", 0.01)
    estimated_cost: float = described(
        "Estimated total cost of the finished batch, in US dollars.", 0.03
    )
    estimated_finish_at: Moment | None = described(
        "Estimated time at which the batch finishes; the actual time once it has. Null while it is "
        "paused.",
        MOMENT_EXAMPLE,
    )
    paused_reason: PauseReason | None = described(
        "Reason for the pause. Null unless the batch is paused.", "daily_allocation_used"
    )
    resumes_at: Moment | None = described(
        "When the batch resumes automatically. Null when it is not paused, or when it does "
        "not resume by itself.",
        MOMENT_EXAMPLE,
    )
    webhook_url: str | None = described(
        "URL that receives a webhook when the batch finishes. Null when there is none.", _HOOK
    )
    user_id: str = described("ID of the user who owns the batch.", USER)
    created_at: Moment = described("When the batch was accepted.", MOMENT_EXAMPLE)
    started_at: Moment | None = described(
        "When the first item started. Null before that.", MOMENT_EXAMPLE
    )
    finished_at: Moment | None = described(
        "When the last item finished. Null before that.", MOMENT_EXAMPLE
    )


class NewBatch(Batch):
    """The accepted batch."""

    warnings: list[str] = described(
        "Warnings about the accepted batch, such as an exceeded soft budget. "
        "Omitted when there are none.",
        ["The user's monthly budget of $10 has been exceeded."],
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
        context.services,
        context.principal,
        await _request(given),
        idempotency_key=unquoted(idempotency_key),
    )
    return accepted_batch(context, created, response)


def accepted_batch(context: Context, created: CreatedBatch, response: Response) -> NewBatch:
    """Shape an accepted batch with its warnings."""
    batch = NewBatch(**_shown(context, created.batch))
    if created.exceeded:
        batch.warnings = context.warnings(created.exceeded)
    response.headers["Location"] = f"/api/batch/{batch.id}"
    return batch


async def get_batch(context: ContextOfRequest, id: BatchId) -> Batch:
    """Return one of the caller's batches."""
    found = await get_batches(context.services, context.principal, [id])
    if id not in found:
        raise BatchNotFound(id)
    return Batch(**_shown(context, found[id]))


async def _request(given: GenerateBatchRequest) -> BatchRequest:
    settings = settings_from(given)
    pictures: list[BatchImage] = []
    async with bulk_work() as pace:
        for index, prompt in enumerate(given.prompts):
            await pace.keep()
            pictures.append(
                BatchImage(
                    request=ImageRequest(prompt=prompt, **settings),
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
        name=given.name,
        tags=tuple(given.tags) if given.tags is not None else None,
        metadata=given.metadata,
    )


def _shown(context: Context, batch: BatchRecord) -> dict[str, Any]:
    columns = batch._asdict()
    as_they_are = Batch.model_fields.keys() & columns.keys()
    return {name: columns[name] for name in as_they_are} | {
        "progress": 1 - (batch.queued + batch.running) / batch.total,
        "cost": to_dollars(batch.cost),
        "estimated_cost": to_dollars(batch.estimated_cost),
        "estimated_finish_at": estimated_finish(
            batch, concurrency=context.services.batch_concurrency
        ),
    }
