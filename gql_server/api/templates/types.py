"""Templates: their shape and their lists."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import strawberry

from gql_server.api.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    ListOrder,
    connection,
    page_request,
)
from gql_server.api.context import Context, Info, TemplateImages
from gql_server.api.described import described
from gql_server.api.images.filters import (
    FilterArgument,
    OrderArgument,
    image_filter,
    wanted_user,
)
from gql_server.api.images.parameters import TemplateParameters
from gql_server.api.images.types import IMAGE_COLUMNS, Image, images_from
from gql_server.api.models.types import Model
from gql_server.api.nodes import Node
from gql_server.database.records.templates import PartialTemplate
from gql_server.generation import images as image_use_cases
from gql_server.generation import templates as use_cases
from gql_server.graphql.execution.selection import requested_columns


@described
@strawberry.input
class TemplateFilter:
    """Filters templates.

    Omitted fields do not filter.
    """

    user_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Only templates of this user. Only admins see templates of other users.",
    )


@described
@strawberry.type
class Template(Node):
    """A model, prompt text and settings saved for reuse."""

    name: str = strawberry.field(description="Display name.")
    description: str | None = strawberry.field(description="Description for people.")
    model: Model = strawberry.field(description="Default model of requests that use the template.")
    default_prompt: str = strawberry.field(
        description="Text added to the prompt. `{prompt}` marks where the user's prompt "
        "goes; without it, the text follows the prompt."
    )
    parameters: TemplateParameters = strawberry.field(
        description="Default settings of requests that use the template."
    )
    user_id: strawberry.ID = strawberry.field(description="ID of the user who owns the template.")
    created_at: datetime = strawberry.field(description="When the template was created.")
    updated_at: datetime = strawberry.field(description="When the template was last updated.")

    @strawberry.field(description="Images generated with the template.")
    async def images(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: FilterArgument = None,
        order_by: OrderArgument = ListOrder.NEWEST_FIRST,
    ) -> Connection[Image]:
        """Load a page of images, together with its siblings'."""
        context, where = info.context, image_filter(filter)
        request = page_request(first, after, last, before, order_by)
        columns = requested_columns(info, ("edges", "node"), IMAGE_COLUMNS)
        page = await context.template_images.load(TemplateImages(self.id, columns, where, request))
        return connection(
            page,
            await images_from(context, page.rows),
            request,
            lambda: image_use_cases.image_count(
                context.services, context.principal, where.of_template(self.id)
            ),
        )


_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id",),
    "name": ("name",),
    "description": ("description",),
    "model": ("model_id",),
    "defaultPrompt": ("default_prompt",),
    "parameters": ("parameters",),
    "userId": ("user_id",),
    "createdAt": ("created_at",),
    "updatedAt": ("updated_at",),
}


def template_from(context: Context, row: PartialTemplate) -> Template:
    """Shape a row for clients: with the attributes that the columns it has allow."""
    # Only the columns asked for are here, so the dataclass's own constructor cannot serve.
    template = Template.__new__(Template)
    attributes = vars(template)
    for column, value in row.items():
        attribute, shaped = _shaped(context, column, value)
        attributes[attribute] = shaped
    return template


async def find_templates(info: Info, ids: Sequence[str]) -> dict[str, Template]:
    """Return the caller's templates of these ids."""
    context = info.context
    found = await context.template.load_many(list(ids))
    return {
        template_id: template_from(context, row)
        for template_id, row in zip(ids, found, strict=True)
        if row is not None
    }


async def template_connection(
    info: Info,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    where: TemplateFilter | None,
    order: ListOrder,
) -> Connection[Template]:
    """Return one page of the templates that the caller sees, with only the columns asked for.

    Raises:
        Rejected: The filter is one that no database can look for.
    """
    context = info.context
    user_id = wanted_user(where)
    request = page_request(first, after, last, before, order)
    columns = requested_columns(info, ("edges", "node"), _COLUMNS)
    page = await use_cases.list_templates(
        context.services, context.principal, columns, request, user_id=user_id
    )
    return connection(
        page,
        [template_from(context, row) for row in page.rows],
        request,
        lambda: use_cases.template_count(context.services, context.principal, user_id=user_id),
    )


def _shaped(context: Context, column: str, value: Any) -> tuple[str, Any]:
    if column == "model_id":
        return "model", context.models[value]
    if column == "parameters":
        return column, TemplateParameters(**value)
    return column, value
