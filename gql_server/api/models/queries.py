"""Queries of models."""

from typing import Annotated

import strawberry

from gql_server.api.context import Info
from gql_server.api.models.types import MAX_MODELS, Model, ModelFilter, list_models
from gql_server.graphql.execution.weights import list_size
from gql_server.graphql.plans.fields import PLAN, ByResolver


@strawberry.type
class ModelQueries:
    """Query fields that return models."""

    @strawberry.field(
        description="A model by its name. Null when no model has this name.",
        metadata={PLAN: ByResolver(is_constant=True)},
    )
    def model(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID,
            strawberry.argument(
                description="Name of the model, such as `@cf/black-forest-labs/flux-1-schnell`."
            ),
        ],
    ) -> Model | None:
        """Return a model."""
        return info.context.models.find(id)

    @strawberry.field(
        description="The models that can generate images.",
        metadata={**list_size(MAX_MODELS), PLAN: ByResolver(is_constant=True)},
    )
    def models(
        self,
        info: Info,
        filter: Annotated[
            ModelFilter | None, strawberry.argument(description="Filters the models.")
        ] = None,
    ) -> list[Model]:
        """Return the models."""
        return list_models(info.context.models, filter)
