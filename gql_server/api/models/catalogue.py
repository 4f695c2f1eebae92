"""The catalogue of models as clients see it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import cast

import strawberry

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
from gql_server.api.models.types import Model
from gql_server.domain.clock import now
from gql_server.domain.money import to_dollars, to_neurons
from gql_server.inference import model as domain
from gql_server.inference.catalogue import Catalogue
from gql_server.inference.parameter_rules import SHARED_NAMES, json_schema
from gql_server.inference.setting_descriptions import SETTING_DESCRIPTIONS
from gql_server.inference.sizes import read_size
from gql_server.ledger.prices.price_book import PriceBook


class Models(Mapping[str, Model]):
    """Every model by ID, with the prices of a moment, each shaped when it is first read.

    A model that has left the catalogue is shaped from its ID alone; only ``[]`` returns those.
    """

    def __init__(self, catalogue: Catalogue, prices: PriceBook, *, at: datetime) -> None:
        self._sources = {model.id: model for model in catalogue.models}
        self._prices = prices
        self._at = at
        self._shaped: dict[str, Model] = {}

    def __getitem__(self, model_id: str) -> Model:
        shaped = self._shaped.get(model_id)
        if shaped is None:
            source = self._sources.get(model_id)
            if source is None:
                return _retired(model_id)
            shaped = self._shaped[model_id] = _shape(source, self._prices, self._at)
        return shaped

    def __contains__(self, model_id: object) -> bool:
        return model_id in self._sources

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)

    def find(self, model_id: str) -> Model | None:
        """Return a model of the catalogue."""
        return self[model_id] if model_id in self._sources else None


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
        self._models = Models(self._catalogue, self._prices, at=moment)
        self._until = self._prices.next_change(after=moment)


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
    description = rule.description or SETTING_DESCRIPTIONS[name]
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
