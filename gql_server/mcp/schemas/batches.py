"""Batches as arguments and results."""

from typing import Literal

from gql_server.batches.validation import MAX_IMAGES, MAX_NAME_LENGTH
from gql_server.domain.batches import BatchStatus, PauseReason
from gql_server.generation.requests.prompts import MIN_PROMPT_LENGTH
from gql_server.mcp.schemas.fields import Arguments, Moment, Result, described
from gql_server.mcp.schemas.settings import ImageSettings, Spending

MAX_WAIT_SECONDS = 50


class CreateBatchArguments(Spending, ImageSettings):
    """Arguments of create_batch."""

    prompts: list[str] = described(
        f"Prompts, 1 to {MAX_IMAGES:,}: one image for each. At least {MIN_PROMPT_LENGTH} "
        "characters each; the maximum depends on the model.",
        min_length=1,
        max_length=MAX_IMAGES,
        fail_fast=True,
    )
    images_per_prompt: int = described(
        "Number of images for each prompt, each with its own seed, from 1; the batch has at most "
        f"{MAX_IMAGES:,} images in all.",
        1,
        ge=1,
        le=MAX_IMAGES,
    )
    max_cost: float | None = described(
        "Maximum cost of the whole batch in US dollars, 0 or more, such as 25. A batch that would "
        "cost more is refused, and nothing is charged. No maximum when omitted.",
        None,
        ge=0,
    )
    source_image_ids: list[str] | None = described(
        "IDs of generated images (`img_…`) or uploads (`src_…`) that every image of the batch is "
        "made from.",
        None,
    )
    mask_image_id: str | None = described(
        "ID of a mask for every image of the batch: a generated "
        "image (`img_…`) or an upload (`src_…`).",
        None,
    )
    name: str | None = described(
        f"Name of the batch, for people: 1 to {MAX_NAME_LENGTH} characters.", None
    )
    priority: Literal["high", "normal", "low"] = described(
        "Priority among the caller's own batches.", "normal"
    )


class BatchStatusArguments(Arguments):
    """Arguments of batch_status."""

    batch_id: str = described("ID of the batch, `bat_…`.")
    wait_seconds: float = described(
        f"How long to wait for the batch to finish, in seconds, 0 to {MAX_WAIT_SECONDS}. Progress "
        "is reported meanwhile. 0 returns at once.",
        0,
        ge=0,
        le=MAX_WAIT_SECONDS,
    )


class FailedItem(Result):
    """An image of a batch that was not generated."""

    prompt: str = described("The prompt of the image.")
    code: str = described("Kind of error, for programs.")
    message: str = described("What is wrong and how to fix it.")


class Batch(Result):
    """A set of images requested together."""

    id: str = described("ID of the batch. `search_images` with `batch_id` lists its images.")
    name: str | None = described("Name of the batch. Null when it has none.")
    status: BatchStatus = described("Current status.")
    is_finished: bool = described(
        "Whether the batch has finished, so that nothing of it changes any more."
    )
    total: int = described("Number of images requested.")
    queued: int = described("Number of images that have not started.")
    running: int = described("Number of images being generated now.")
    succeeded: int = described("Number of images generated, stored and charged.")
    failed: int = described("Number of images that failed. They cost nothing.")
    canceled: int = described("Number of images canceled before they were generated.")
    cost: float = described("Amount charged so far, in US dollars.")
    estimated_cost: float = described("Estimated cost of the finished batch, in US dollars.")
    estimated_finish_at: Moment | None = described(
        "Estimated time at which the batch finishes. Null while it is paused."
    )
    paused_reason: PauseReason | None = described("Why the batch is paused. Null unless it is.")
    failures: list[FailedItem] = described("The first failed images, and why.")
    warnings: list[str] = described("Warnings, such as an exceeded soft budget.")
