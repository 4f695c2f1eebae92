"""Models that a request names before the one that generated its image."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import strawberry

from gql_server.api.context import Context
from gql_server.api.described import described
from gql_server.api.models.types import Model
from gql_server.domain.skipped_models import skipped_from_json


@described
@strawberry.enum
class SkipReason(Enum):
    """Why a requested model did not generate an image, and the next one was tried."""

    OUT_OF_CAPACITY = strawberry.enum_value(
        "out_of_capacity", description="The provider could not run the model at the time."
    )
    ALLOCATION_USED = strawberry.enum_value(
        "allocation_used",
        description="The provider account had used up its free neurons of the day, or its credits.",
    )
    DEPRECATED = strawberry.enum_value(
        "deprecated", description="The provider has withdrawn the model, or is about to."
    )
    REFUSED = strawberry.enum_value(
        "refused",
        description="The model or its safety filter refused the request, or the generated image.",
    )
    UNAVAILABLE = strawberry.enum_value(
        "unavailable", description="The provider does not offer the model to the server's account."
    )
    TOO_EXPENSIVE = strawberry.enum_value(
        "too_expensive", description="The image would have cost more than `maxCost`."
    )


@described
@strawberry.type
class SkippedModel:
    """A requested model that did not generate the image."""

    model: Model = strawberry.field(description="The model.")
    reason: SkipReason = strawberry.field(description="Reason why the model was skipped.")


def skipped_models(
    written: Sequence[Mapping[str, Any]] | None, context: Context
) -> list[SkippedModel]:
    """Shape the skipped models of an image's row."""
    return [
        SkippedModel(model=context.models[one.model_id], reason=SkipReason[one.reason.name])
        for one in skipped_from_json(written)
    ]
