"""Queries of templates."""

from collections.abc import Mapping
from typing import Annotated, Final

import strawberry

from gql_server.api.connections import Connection, connection
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.images.filters import requested_user
from gql_server.api.pages import PageArguments, Paginated
from gql_server.api.templates.types import Template, find_templates, template_from
from gql_server.generation import templates as use_cases
from gql_server.graphql.execution.selection import requested_columns
from gql_server.graphql.plans.fields import PLAN, ByResolver

_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id",),
    "name": ("name",),
    "description": ("description",),
    "model": ("model_id",),
    "defaultPrompt": ("default_prompt",),
    "models": ("fallback_model_ids",),
    "parameters": ("parameters",),
    "version": ("version",),
    "userId": ("user_id",),
    "createdAt": ("created_at",),
    "updatedAt": ("updated_at",),
}


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


@strawberry.type
class TemplateQueries:
    """Query fields that return templates."""

    @strawberry.field(
        description="A template of the caller. Null when there is none with this ID. Admins can"
        " query any template.",
        metadata={PLAN: ByResolver()},
    )
    async def template(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID, strawberry.argument(description="ID of the template, `tpl_…`.")
        ],
    ) -> Template | None:
        """Return a template."""
        return (await find_templates(info, [id])).get(id)

    @strawberry.field(
        description="The caller's templates. Admins see everyone's.",
        extensions=[Paginated()],
        metadata={PLAN: ByResolver()},
    )
    async def templates(
        self,
        info: Info,
        page: PageArguments,
        filter: Annotated[
            TemplateFilter | None, strawberry.argument(description="Filters the templates.")
        ] = None,
    ) -> Connection[Template]:
        """Return a page of templates."""
        return await _template_connection(info, page, filter)


async def _template_connection(
    info: Info, page: PageArguments, where: TemplateFilter | None
) -> Connection[Template]:
    """Return a page of the templates that the caller sees, reading only the requested columns.

    Raises:
        Rejected: The filter is invalid.
    """
    context = info.context
    user_id = requested_user(where)
    request = page.request()
    columns = requested_columns(info, ("edges", "node"), _COLUMNS)
    found = await use_cases.list_templates(
        context.services, context.principal, columns, request, user_id=user_id
    )
    return connection(
        found,
        [template_from(context, row) for row in found.rows],
        request,
        lambda: use_cases.template_count(context.services, context.principal, user_id=user_id),
    )
