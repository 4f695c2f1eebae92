"""Templates: their shape and their lists."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import strawberry

from gql_server.api.connections import Connection, connection
from gql_server.api.context import Context, Info
from gql_server.api.described import described
from gql_server.api.images.columns import IMAGE_COLUMNS
from gql_server.api.images.filters import (
    FilterArgument,
    image_filter,
)
from gql_server.api.images.parameters import TemplateParameters, template_parameters
from gql_server.api.images.types import Image, images_from
from gql_server.api.loaders import ImagesOf
from gql_server.api.models.types import Model
from gql_server.api.nodes import Node
from gql_server.api.pages import PageArguments, Paginated
from gql_server.api.partial_objects import PartialObjects
from gql_server.database.records.templates import PartialTemplate
from gql_server.domain.skipped_models import MAX_MODELS
from gql_server.generation import images as image_use_cases
from gql_server.graphql.execution.selection import requested_columns
from gql_server.graphql.execution.weights import list_size


@described
@strawberry.type
class Template(Node):
    """A model, prompt text and settings saved for reuse."""

    id: strawberry.ID = strawberry.field(description="Globally unique ID of the template, `tpl_…`.")
    name: str = strawberry.field(description="Display name.")
    description: str | None = strawberry.field(
        description="Description for people. Null when there is none."
    )
    model: Model = strawberry.field(description="Default model of requests that use the template.")
    models: list[Model] = strawberry.field(
        description="Models to try, in this order, when `model` does not generate the image of a "
        "request that names no model.",
        metadata=list_size(MAX_MODELS),
    )
    default_prompt: str = strawberry.field(
        description="Text added to the prompt. `{prompt}` marks where the user's prompt "
        "goes; without it, the text follows the prompt."
    )
    parameters: TemplateParameters = strawberry.field(
        description="Default settings of requests that use the template."
    )
    version: int = strawberry.field(
        description="Version of the template: 1 when created, one more after each update."
    )
    user_id: strawberry.ID = strawberry.field(description="ID of the user who owns the template.")
    created_at: datetime = strawberry.field(description="When the template was created.")
    updated_at: datetime = strawberry.field(description="When the template was last updated.")

    @strawberry.field(description="Images generated with the template.", extensions=[Paginated()])
    async def images(
        self, info: Info, page: PageArguments, filter: FilterArgument = None
    ) -> Connection[Image]:
        """Load a page of images, together with its siblings'."""
        context, where = info.context, image_filter(filter)
        request = page.request()
        columns = requested_columns(info, ("edges", "node"), IMAGE_COLUMNS)
        found = await context.loaders.template_images.load(
            ImagesOf(self.id, columns, where, request)
        )
        return connection(
            found,
            await images_from(context, found.rows),
            request,
            lambda: image_use_cases.image_count(
                context.services, context.principal, where.of_template(self.id)
            ),
        )


def template_from(context: Context, row: PartialTemplate) -> Template:
    """Return a template with the attributes that the columns of its row allow."""
    return _TEMPLATES.made(context, [row])[0]


async def find_templates(info: Info, ids: Sequence[str]) -> dict[str, Template]:
    """Return the caller's templates of these ids."""
    context = info.context
    found = await context.loaders.templates.load_many(list(ids))
    return {
        template_id: template_from(context, row)
        for template_id, row in zip(ids, found, strict=True)
        if row is not None
    }


_TEMPLATES: Final = PartialObjects(
    Template,
    {
        "model_id": {"model": lambda model_id, context: context.models[model_id]},
        "fallback_model_ids": {
            "models": lambda ids, context: [context.models[model_id] for model_id in ids or ()]
        },
        "parameters": {"parameters": lambda values, _: template_parameters(values)},
    },
)
