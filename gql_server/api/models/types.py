"""The models, shaped once when the server starts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, cast

import strawberry

from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.errors import camel_case
from gql_server.api.models.details import (
    ImageInputs,
    ModelCapability,
    ModelParameter,
    ModelParameterLocation,
    ModelParameterType,
    ModelQuality,
    ModelReplacement,
    ModelSpeed,
    ModelStatus,
    PriceUnit,
    PromptUse,
    SecondsRange,
    Size,
    UnitPrice,
)
from gql_server.api.models.performance import ModelPerformance, Since, model_performance
from gql_server.api.nodes import Node
from gql_server.domain.clock import now
from gql_server.domain.money import to_dollars, to_neurons
from gql_server.graphql.execution.weights import list_size
from gql_server.inference import model as domain
from gql_server.inference.catalogue import Catalogue
from gql_server.inference.parameter_rules import SHARED_NAMES, json_schema
from gql_server.inference.sizes import read_size
from gql_server.ledger.prices.price_book import PriceBook


@described
@strawberry.type
class Model(Node):
    """A model that generates images."""

    name: str = strawberry.field(description="Display name.")
    provider: str = strawberry.field(description="Organization that trained the model.")
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
        description="Whether the exact cost is known only when the image is there, because the "
        "provider counts tokens. The maximum is reserved, and the actual amount is charged."
    )
    is_price_estimate: bool = strawberry.field(
        description="Whether the provider does not document all that its price depends on."
    )
    unit_prices: list[UnitPrice] = strawberry.field(
        description="The provider's unit prices. Empty while a beta model is free.",
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
        description="Image size when none is requested. Some models have no other."
    )
    max_prompt_length: int = strawberry.field(
        description="Maximum length of the rendered prompt, in characters, including the "
        "template's text."
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
        description="The only sizes that the model generates. Empty when there are others.",
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
        default=None, description="Only models of this speed."
    )
    is_recommended: bool | None = strawberry.field(
        default=None, description="Only recommended models (true) or only others (false)."
    )
    is_beta: bool | None = strawberry.field(
        default=None, description="Only beta models (true) or only others (false)."
    )


class Models(dict[str, Model]):
    """Every model by id; one that has left the catalogue is shaped from its name alone."""

    def __missing__(self, model_id: str) -> Model:
        return _retired(model_id)


def shape_models(models: Catalogue, prices: PriceBook, *, at: datetime) -> Models:
    """Shape the catalogue for clients, with the prices of a moment."""
    return Models({model.id: _shape(model, prices, at) for model in models.models})


class ShapedCatalogue:
    """The catalogue as clients see it, built again whenever prices change."""

    def __init__(self, catalogue: Catalogue, prices: PriceBook) -> None:
        self._catalogue = catalogue
        self._prices = prices
        self._shape(now())

    def models(self) -> Models:
        """Return every model, with the prices of this moment."""
        if self._until is not None and (moment := now()) >= self._until:
            self._shape(moment)
        return self._models

    def _shape(self, moment: datetime) -> None:
        self._models = shape_models(self._catalogue, self._prices, at=moment)
        self._until = self._prices.next_change(after=moment)


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


_PARAMETER_DESCRIPTIONS: Mapping[str, str] = {
    "negative_prompt": "Things the image should not show.",
    "width": "Image width in pixels.",
    "height": "Image height in pixels.",
    "steps": "Number of refinement steps. More steps are finer and slower, and may cost more.",
    "guidance": "Guidance scale: higher values follow the prompt more closely. Default and "
    "range depend on the model, see `Model.parameters`.",
    "seed": "Seed of the random generator. The same seed and settings give the same image.",
    "strength": "How much the result may differ from the source image, from 0 (not at all) to 1.",
    "aspect_ratio": "Width to height.",
    "quality": "Quality of the image: more is slower and may cost more.",
    "background": "Background of the image.",
    "output_format": "File format of the image.",
}


def _shape(model: domain.Model, prices: PriceBook, at: datetime) -> Model:
    size = model.default_size
    price = prices.price_at_defaults(model, at=at)
    inputs = model.image_inputs
    return Model(
        id=strawberry.ID(model.id),
        name=model.name,
        provider=model.provider,
        description=model.description,
        speed=ModelSpeed(model.speed),
        quality=ModelQuality(model.quality),
        typical_seconds=SecondsRange(
            minimum=model.typical_seconds.minimum, maximum=model.typical_seconds.maximum
        ),
        cost_per_image=to_dollars(price.cost),
        is_cost_maximum=price.is_maximum,
        is_price_estimate=model.is_price_estimate,
        unit_prices=[
            UnitPrice(
                unit=PriceUnit(unit.unit),
                price=to_dollars(unit.nano_dollars),
                neurons=to_neurons(unit.milli_neurons),
                condition=_condition(unit),
            )
            for unit in prices.unit_prices(model, at=at)
        ],
        capabilities=[ModelCapability(capability) for capability in model.capabilities],
        parameters=[_parameter(name, rule) for name, rule in model.parameters.items()],
        image_inputs=ImageInputs(
            minimum=inputs.minimum,
            maximum=inputs.maximum,
            takes_mask=inputs.mask != "none",
            needs_mask=inputs.mask == "required",
            max_with_mask=_max_with_mask(inputs),
        )
        if inputs is not None
        else None,
        default_size=Size(width=size.width, height=size.height),
        max_prompt_length=model.max_prompt_length,
        is_recommended=model.is_recommended,
        is_beta=model.is_beta,
        is_available=True,
        status=ModelStatus(model.status),
        replacement=ModelReplacement(
            note=model.status_note,
            model=strawberry.ID(model.replaced_by) if model.replaced_by is not None else None,
        )
        if model.status_note is not None
        else None,
        prompt_use=PromptUse(model.prompt),
        sizes=[Size(width=one.width, height=one.height) for one in map(read_size, model.sizes)],
    )


def _parameter(name: str, rule: domain.ParameterRule) -> ModelParameter:
    is_own = name not in SHARED_NAMES
    schema = json_schema(rule)
    description = rule.description or _PARAMETER_DESCRIPTIONS[name]
    is_number = isinstance(rule.default, int | float) and not isinstance(rule.default, bool)
    return ModelParameter(
        name=name if is_own else camel_case(name),
        location=ModelParameterLocation("parameters" if is_own else "field"),
        type=ModelParameterType(rule.type),
        default=float(rule.default) if is_number and rule.default is not None else None,
        choices=[str(choice) for choice in rule.choices] or None,
        is_required=rule.is_required,
        json_schema=cast("strawberry.scalars.JSON", schema | {"description": description}),
        minimum=rule.minimum,
        maximum=rule.maximum,
        multiple_of=rule.multiple_of,
        description=description,
    )


def _max_with_mask(inputs: domain.ImageInputs) -> int:
    if inputs.mask == "none":
        return 0
    return inputs.mask_sources or inputs.maximum


def _condition(price: domain.UnitPrice) -> str | None:
    """Write the conditions of a price for people."""
    words = []
    for name, condition in price.when.items():
        if condition.is_set is not None:
            words.append(f"{name} is {'set' if condition.is_set else 'not set'}")
        elif condition.maximum is not None:
            words.append(f"{name} <= {condition.maximum}")
        else:
            words.append(f"{name} = {' or '.join(map(str, condition.values))}")
    return ", ".join(words) or None


def _retired(model_id: str) -> Model:
    return Model(
        id=strawberry.ID(model_id),
        name=model_id.rsplit("/", 1)[-1],
        provider=model_id.split("/")[1] if "/" in model_id else "",
        description="This model is no longer in the catalogue.",
        speed=ModelSpeed.MEDIUM,
        quality=ModelQuality.STANDARD,
        typical_seconds=SecondsRange(minimum=0, maximum=0),
        cost_per_image=0,
        is_cost_maximum=False,
        is_price_estimate=False,
        unit_prices=[],
        capabilities=[],
        parameters=[],
        image_inputs=None,
        default_size=Size(width=0, height=0),
        max_prompt_length=0,
        is_recommended=False,
        is_beta=False,
        is_available=False,
        status=ModelStatus.DEPRECATED,
        replacement=ModelReplacement(note="The model is no longer in the catalogue.", model=None),
        prompt_use=PromptUse.REQUIRED,
        sizes=[],
    )
