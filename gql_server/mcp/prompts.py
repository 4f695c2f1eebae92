"""The caller's templates as prompts."""

from collections.abc import Mapping
from typing import Final

import orjson
from mcp import types

from gql_server.database.engine.cursors import cursor_of
from gql_server.database.queries.templates import TEMPLATE_COLUMNS
from gql_server.database.records.templates import PartialTemplate
from gql_server.domain.errors import ErrorCode, InvalidInput, TemplateNotFound
from gql_server.generation import templates as use_cases
from gql_server.mcp.context import Context
from gql_server.mcp.tools.images import page_request

_PAGE: Final = 50
_SUBJECT: Final = types.PromptArgument(
    name="prompt", description="What the image shows.", required=True
)


async def list_prompts(context: Context, cursor: str | None) -> types.ListPromptsResult:
    """List the caller's templates, the newest first."""
    page = await use_cases.list_templates(
        context.services, context.principal, TEMPLATE_COLUMNS, page_request(_PAGE, cursor)
    )
    return types.ListPromptsResult(
        prompts=[_prompt(row) for row in page.rows],
        next_cursor=cursor_of(page.rows[-1]) if page.has_more else None,
    )


async def get_prompt(
    context: Context, template_id: str, arguments: Mapping[str, str]
) -> types.GetPromptResult:
    """Return a message that has the model generate an image with a template.

    Raises:
        TemplateNotFound: The caller has no such template.
        InvalidInput: The prompt is missing.
    """
    found = await use_cases.get_templates(context.services, context.principal, [template_id])
    if template_id not in found:
        raise TemplateNotFound(template_id, path=("name",))
    subject = arguments.get("prompt", "").strip()
    if not subject:
        raise InvalidInput("Say what the image shows.", path=("prompt",), code=ErrorCode.REQUIRED)
    row = found[template_id]
    call = orjson.dumps({"template_id": template_id, "prompt": subject}).decode()
    text = f"Generate an image with the tool generate_image and these arguments: {call}"
    return types.GetPromptResult(
        description=_description(row),
        messages=[types.PromptMessage(role="user", content=types.TextContent(text=text))],
    )


def _prompt(row: PartialTemplate) -> types.Prompt:
    return types.Prompt(
        name=row["id"], title=row["name"], description=_description(row), arguments=[_SUBJECT]
    )


def _description(row: PartialTemplate) -> str:
    own = row["description"]
    return own or f"Generates an image with the template {row['name']} and {row['model_id']}."
