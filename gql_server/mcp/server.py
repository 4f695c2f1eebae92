"""The MCP server: tools, resources and prompts, as the official SDK serves them."""

from typing import Any, Final

from mcp import types
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError
from starlette.requests import Request

from gql_server import __version__
from gql_server.access.allowances import Allowances
from gql_server.generation.services import Services
from gql_server.mcp.calls import call_tool, visible_tools
from gql_server.mcp.context import Context
from gql_server.mcp.errors import problems_of, text_of
from gql_server.mcp.prompts import get_prompt, list_prompts
from gql_server.mcp.resources import TEMPLATES, list_resources, read_resource
from gql_server.web.callers import principal_of
from gql_server.web.request_record import record_of

_COST: Final = 1
_FREE: Final = frozenset({"initialize", "ping", "server/discover"})

_INSTRUCTIONS: Final = (
    "Generates, edits and finds images, and accounts for their costs exactly. Before spending, "
    "choose a model with list_models, and see the price with estimate_cost; max_cost limits a "
    "request. Show users the link of an image. An error says what to change: change that and call "
    "the tool again. After a lost connection, repeat a call with its idempotency_key: nothing is "
    "paid twice."
)

_Given = ServerRequestContext[Any, Any]


def build_server() -> Server[Any]:
    """Return the server; it has no state, and finds services and caller in each request."""
    server: Server[Any] = Server(
        "gql_server",
        title="gql_server images",
        version=__version__,
        instructions=_INSTRUCTIONS,
        on_list_tools=_list_tools,
        on_call_tool=_call_tool,
        on_list_resources=_list_resources,
        on_list_resource_templates=_list_templates,
        on_read_resource=_read_resource,
        on_list_prompts=_list_prompts,
        on_get_prompt=_get_prompt,
    )
    server.middleware = [_admit]  # in place of the SDK's own spans: requests have one already
    return server


async def _admit(ctx: _Given, call_next: CallNext) -> HandlerResult:
    """Deduct the cost of a request, and name it in the log, before anything else is done.

    Errors of requests without a result of their own become errors of the protocol.
    """
    if ctx.request_id is None:
        return await call_next(ctx)
    context = _context(ctx)
    record = record_of(_request(ctx).scope)
    name = (ctx.params or {}).get("name") if ctx.method == "tools/call" else None
    if record is not None:
        record.operation = name if isinstance(name, str) else ctx.method
        record.cost = 0 if ctx.method in _FREE else _COST
    try:
        if ctx.method not in _FREE:
            await context.spend(_COST)
        return await call_next(ctx)
    except MCPError:
        raise
    except Exception as error:
        found = problems_of(error, shows_server_totals=context.principal.is_admin)
        if record is not None:
            record.error = found[0].code
        raise MCPError(
            types.INVALID_PARAMS, text_of(found), {"errors": [one.written() for one in found]}
        ) from error


def _context(given: _Given) -> Context:
    request = _request(given)
    services: Services = request.state.services
    allowances: Allowances = request.state.allowances

    async def report(done: float, total: float | None, message: str) -> None:
        await given.session.report_progress(done, total, message)

    return Context(services, principal_of(request), report, allowances)


def _request(given: _Given) -> Request:
    request = given.request
    assert isinstance(request, Request)  # noqa: S101 - the transport is HTTP
    return request


async def _list_tools(
    given: _Given, _params: types.PaginatedRequestParams | None
) -> types.ListToolsResult:
    return types.ListToolsResult(tools=visible_tools(_context(given).principal))


async def _call_tool(given: _Given, params: types.CallToolRequestParams) -> types.CallToolResult:
    result = await call_tool(_context(given), params.name, params.arguments or {})
    record = record_of(_request(given).scope)
    if result.is_error and record is not None:
        record.error = (result.meta or {}).get("errors", [{}])[0].get("code")
    return result


async def _list_resources(
    given: _Given, params: types.PaginatedRequestParams | None
) -> types.ListResourcesResult:
    return await list_resources(_context(given), params.cursor if params else None)


async def _list_templates(
    _given: _Given, _params: types.PaginatedRequestParams | None
) -> types.ListResourceTemplatesResult:
    return types.ListResourceTemplatesResult(resource_templates=list(TEMPLATES))


async def _read_resource(
    given: _Given, params: types.ReadResourceRequestParams
) -> types.ReadResourceResult:
    return await read_resource(_context(given), params.uri)


async def _list_prompts(
    given: _Given, params: types.PaginatedRequestParams | None
) -> types.ListPromptsResult:
    return await list_prompts(_context(given), params.cursor if params else None)


async def _get_prompt(given: _Given, params: types.GetPromptRequestParams) -> types.GetPromptResult:
    return await get_prompt(_context(given), params.name, params.arguments or {})
