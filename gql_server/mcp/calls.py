"""Calling tools: whose role allows it, with arguments that fit, and results in MCP's form."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mcp import types

from gql_server.domain.principal import Principal
from gql_server.mcp.context import Context
from gql_server.mcp.errors import Problem, problems_of, text_of
from gql_server.mcp.pictures import shown
from gql_server.mcp.tool import Outcome, Picture, Tool
from gql_server.mcp.tools.table import TOOLS
from gql_server.quoting import quoted

_BY_NAME: Final[Mapping[str, Tool[Any]]] = {tool.name: tool for tool in TOOLS}
_SHOWN_CHARACTERS: Final = 100


def visible_tools(principal: Principal) -> list[types.Tool]:
    """Return the tools that the caller's role allows."""
    return [_described(tool) for tool in TOOLS if principal.role.includes(tool.permission.role)]


async def call_tool(
    context: Context, name: str, arguments: Mapping[str, Any]
) -> types.CallToolResult:
    """Call a tool; an error is a result, too, from which the language model can learn."""
    tool = _BY_NAME.get(name)
    if tool is None:
        problem = Problem("TOOL_NOT_FOUND", f"There is no tool {quoted(name[:_SHOWN_CHARACTERS])}.")
        return _failed([problem])
    try:
        tool.permission.check(context.principal, name)
        outcome = await tool.run(context, tool.arguments.model_validate(_given(arguments)))
        return await _result(context, outcome)
    except Exception as error:  # noqa: BLE001 - translated, or masked and logged
        return _failed(problems_of(error, shows_server_totals=context.principal.is_admin))


def _described(tool: Tool[Any]) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        annotations=types.ToolAnnotations(
            title=tool.title,
            read_only_hint=not tool.spends,
            destructive_hint=False,
            idempotent_hint=not tool.spends,
            open_world_hint=tool.spends,
        ),
    )


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that were given: clients send null for those that were not."""
    return {name: value for name, value in arguments.items() if value is not None}


async def _result(context: Context, outcome: Outcome) -> types.CallToolResult:
    content: list[types.ContentBlock] = [
        types.TextContent(text=outcome.result.model_dump_json(exclude_none=True))
    ]
    for picture in outcome.pictures:
        bytes_of_it = await shown(context.services, picture) if picture.is_shown else None
        if bytes_of_it is not None:
            content.append(
                types.ImageContent(data=bytes_of_it.data, mime_type=bytes_of_it.content_type)
            )
        content.append(_link(picture))
    return types.CallToolResult(
        content=content, structured_content=outcome.result.model_dump(mode="json")
    )


def _link(picture: Picture) -> types.ResourceLink:
    return types.ResourceLink(
        uri=picture.url,
        name=picture.image_id,
        title=picture.name,
        mime_type=picture.content_type,
        size=picture.size_bytes,
    )


def _failed(problems: Sequence[Problem]) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(text=text_of(problems))],
        is_error=True,
        _meta={"errors": [problem.written() for problem in problems]},
    )
