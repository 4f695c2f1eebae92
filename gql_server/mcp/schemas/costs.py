"""Costs as arguments and results."""

from gql_server.mcp.schemas.fields import Arguments, GivenMoment, Moment, Result, described
from gql_server.mcp.schemas.settings import ImageSettings


class EstimateArguments(ImageSettings):
    """Arguments of estimate_cost."""

    prompt: str = described("The prompt of the image.", "")
    prompts: list[str] | None = described(
        "Prompts of a batch, instead of `prompt`: one image each.", None, min_length=1
    )
    images_per_prompt: int = described("Number of images for each prompt of a batch.", 1, ge=1)
    source_image_ids: list[str] | None = described("IDs of the source images, if any.", None)
    mask_image_id: str | None = described("ID of the mask, if any.", None)
    max_cost: float | None = described(
        "Maximum cost in US dollars: an estimate above it is an error, as the request would be.",
        None,
        ge=0,
    )


class Estimate(Result):
    """What a request would cost, at current prices."""

    cost: float = described("Amount that would be charged, in US dollars.")
    is_maximum: bool = described("Whether it is the maximum, because the provider counts tokens.")


class CostsArguments(Arguments):
    """Arguments of costs."""

    since: GivenMoment | None = described(
        "Include charges at or after this time, such as 2026-01-15T10:30:00Z, or a date.", None
    )
    until: GivenMoment | None = described("Include charges before this time.", None)


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
