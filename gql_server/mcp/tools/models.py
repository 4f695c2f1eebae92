"""The models that generate images."""

from gql_server.domain.clock import now
from gql_server.domain.errors import ModelNotFound
from gql_server.domain.money import to_dollars
from gql_server.inference import model as domain
from gql_server.inference.parameter_rules import json_schema
from gql_server.mcp.context import Context
from gql_server.mcp.schemas.models import Model, Models, ModelsArguments
from gql_server.mcp.tool import Outcome


async def list_models(context: Context, given: ModelsArguments) -> Outcome:
    """Return the models, at the prices of this moment."""
    if given.model is not None:
        return Outcome(Models(models=[one_model(context, given.model)]))
    found = [
        model_from(context, model)
        for model in context.services.catalogue.models
        if given.capability is None or given.capability in model.capabilities
    ]
    return Outcome(Models(models=sorted(found, key=lambda model: not model.is_recommended)))


def one_model(context: Context, model_id: str) -> Model:
    """Return a model with the schemas of its settings.

    Raises:
        ModelNotFound: There is no such model.
    """
    catalogue = context.services.catalogue
    model = catalogue.get(model_id)
    if model is None:
        raise ModelNotFound(model_id, hint=catalogue.instead_of(model_id))
    return model_from(context, model, has_schemas=True)


def model_from(context: Context, model: domain.Model, *, has_schemas: bool = False) -> Model:
    """Shape a model."""
    price = context.services.prices.price_at_defaults(model, at=now())
    rules = model.parameters
    return Model(
        id=model.id,
        name=model.name,
        provider=model.provider,
        description=model.description,
        speed=model.speed,
        quality=model.quality,
        typical_seconds=[model.typical_seconds.minimum, model.typical_seconds.maximum],
        cost_per_image=to_dollars(price.cost),
        is_cost_maximum=price.is_maximum,
        width=model.default_size.width,
        height=model.default_size.height,
        max_source_images=model.image_inputs.maximum if model.image_inputs else 0,
        capabilities=list(model.capabilities),
        is_recommended=model.is_recommended,
        status=model.status,
        settings=list(rules),
        setting_schemas=(
            {name: json_schema(rule) for name, rule in rules.items()} if has_schemas else None
        ),
    )
