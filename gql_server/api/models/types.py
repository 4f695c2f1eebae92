"""The models, and how they are filtered."""

from collections.abc import Mapping
from typing import Final

import strawberry

from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.models.details import (
    ImageInputs,
    ModelCapability,
    ModelParameter,
    ModelQuality,
    ModelReplacement,
    ModelSpeed,
    ModelStatus,
    PromptUse,
    SecondsRange,
    Size,
    UnitPrice,
)
from gql_server.api.models.performance import ModelPerformance, Since, model_performance
from gql_server.api.nodes import Node
from gql_server.graphql.execution.weights import list_size


@described
@strawberry.type
class Model(Node):
    """A model that generates images."""

    id: strawberry.ID = strawberry.field(
        description="Globally unique ID: the model's name for requests, such as "
        "`@cf/black-forest-labs/flux-1-schnell`."
    )
    name: str = strawberry.field(description="Display name, such as `Flux 1 Schnell`.")
    provider: str = strawberry.field(
        description="Organization that trained the model, such as `Black Forest Labs`."
    )
    description: str = strawberry.field(description="Strengths of the model and typical uses.")
    speed: ModelSpeed = strawberry.field(description="Typical speed.")
    quality: ModelQuality = strawberry.field(description="Typical image quality.")
    typical_seconds: SecondsRange = strawberry.field(
        description="Typical generation time, in seconds."
    )
    cost_per_image: float = strawberry.field(
        description="Price charged for an image with default settings, in US dollars. The maximum "
        "where `isCostMaximum` is true."
    )
    is_cost_maximum: bool = strawberry.field(
        description="Whether `costPerImage` is the maximum, because the provider counts tokens, "
        "whose number is known only after generation. The maximum is reserved, and the actual "
        "amount is charged."
    )
    is_price_estimate: bool = strawberry.field(
        description="Whether prices are estimates, because the provider does not document "
        "everything they depend on."
    )
    unit_prices: list[UnitPrice] = strawberry.field(
        description="Prices that the provider bills for each unit. Empty while a beta model is "
        "free.",
        metadata=list_size(10),
    )
    capabilities: list[ModelCapability] = strawberry.field(
        description="Capabilities beyond text prompts."
    )
    parameters: list[ModelParameter] = strawberry.field(
        description="Settings that the model supports. Other settings are refused.",
        metadata=list_size(20),
    )
    image_inputs: ImageInputs | None = strawberry.field(
        description="Source images that the model accepts. Null when it accepts only a prompt."
    )
    default_size: Size = strawberry.field(
        description="Image size when none is requested. Some models generate only this one."
    )
    max_prompt_length: int = strawberry.field(
        description="Maximum length of the prompt in characters, the template's text included."
    )
    is_recommended: bool = strawberry.field(description="Whether the model is a good first choice.")
    is_beta: bool = strawberry.field(
        description="Whether the model is a beta that the provider may still change."
    )
    is_available: bool = strawberry.field(
        description="Whether the model can generate new images. Existing images may come "
        "from a retired model."
    )
    status: ModelStatus = strawberry.field(description="Whether the model can be relied on.")
    replacement: ModelReplacement | None = strawberry.field(
        description="Why the model cannot be relied on, and which to use instead. Null when it can."
    )
    prompt_use: PromptUse = strawberry.field(description="Whether the model uses a prompt.")
    sizes: list[Size] = strawberry.field(
        description="The only sizes that the model generates. Empty when any size in range is "
        "valid: see `parameters`.",
        metadata=list_size(8),
    )

    @strawberry.field(
        description="How the model has performed on this server: images, failures and "
        "generation times."
    )
    async def performance(self, info: Info, since: Since = None) -> ModelPerformance:
        """Return the performance of the model on this server."""
        return await model_performance(info, self.id, since)


@described
@strawberry.input
class ModelFilter:
    """Filters models.

    Omitted fields do not filter.
    """

    capabilities: list[ModelCapability] | None = strawberry.field(
        default=None, description="Only models with all of these capabilities."
    )
    speed: ModelSpeed | None = strawberry.field(
        default=None, description="Only models of this typical speed. Any speed when omitted."
    )
    is_recommended: bool | None = strawberry.field(
        default=None,
        description="Only recommended models (true), or only others (false). Both when omitted.",
    )
    is_beta: bool | None = strawberry.field(
        default=None,
        description="Only beta models (true), or only others (false). Both when omitted.",
    )


MAX_MODELS: Final = 60
"""More than the catalogue has; a test compares them."""


def list_models(models: Mapping[str, Model], where: ModelFilter | None) -> list[Model]:
    """Return the models that a filter lets through, in the catalogue's order."""
    if where is None:
        return list(models.values())
    fields = where
    return [
        model
        for model in models.values()
        if set(fields.capabilities or ()) <= set(model.capabilities)
        and fields.speed in {None, model.speed}
        and fields.is_recommended in {None, model.is_recommended}
        and fields.is_beta in {None, model.is_beta}
    ]
