"""Costs as arguments and results."""

from gql_server.batches.validation import MAX_IMAGES
from gql_server.mcp.schemas.fields import Arguments, GivenMoment, Moment, Result, described
from gql_server.mcp.schemas.settings import ImageSettings


class EstimateArguments(ImageSettings):
    """Arguments of estimate_cost."""

    prompt: str = described("Prompt of the image.", "")
    prompts: list[str] | None = described(
        f"Prompts of a batch, 1 to {MAX_IMAGES:,}, instead of `prompt`: one image for each.",
        None,
        min_length=1,
    )
    images_per_prompt: int = described(
        "Number of images for each prompt of a batch, from 1; the "
        f"batch has at most {MAX_IMAGES:,} images in all.",
        1,
        ge=1,
    )
    source_image_ids: list[str] | None = described(
        "IDs of the source images (`img_…` or `src_…`), if any.", None
    )
    mask_image_id: str | None = described("ID of the mask (`img_…` or `src_…`), if any.", None)
    max_cost: float | None = described(
        "Maximum cost in US dollars, 0 or more: an estimate above it is an error, as the request "
        "would be. No maximum when omitted.",
        None,
        ge=0,
    )


class Estimate(Result):
    """What a request would cost, at current prices."""

    cost: float = described("Amount that would be charged, in US dollars.")
    is_maximum: bool = described(
        "Whether the cost is the maximum, because the provider counts tokens."
    )


class CostsArguments(Arguments):
    """Arguments of costs."""

    since: GivenMoment | None = described(
        "Include only charges at or after this time, such as `2026-01-15T10:30:00Z`, or a date. No "
        "start when omitted.",
        None,
    )
    until: GivenMoment | None = described(
        "Include only charges before this time. Until now when omitted.", None
    )


class Totals(Result):
    """Sums of charges."""

    total_cost: float = described("Amount charged, in US dollars.")
    total_images: int = described("Number of images charged.")
    average_cost: float = described("Average cost of an image, in US dollars.")


class ModelCosts(Totals):
    """Sums of charges for one model."""

    model: str | None = described("ID of the model. Null for adjustments without a model.")


class Costs(Totals):
    """What images cost, deleted ones included."""

    since: Moment | None = described("Start of the time range. Null when it is unbounded.")
    until: Moment | None = described("End of the time range. Null when it ends now.")
    by_model: list[ModelCosts] = described("Sums by model, highest first.")
