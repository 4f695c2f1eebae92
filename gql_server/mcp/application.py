"""The MCP server as an ASGI application."""

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import ASGIApp, Receive, Scope, Send

from gql_server.mcp.options import McpOptions
from gql_server.mcp.server import build_server


def mcp_application(options: McpOptions) -> ASGIApp:
    """Return an application that serves MCP by streamable HTTP, without sessions.

    The state of a request has the ``services``, the ``allowances`` and the ``principal``.
    """
    server = build_server()

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        # One for each request: what it starts ends with the request.
        manager = StreamableHTTPSessionManager(
            server, stateless=True, max_request_body_size=options.bounds.max_bytes
        )
        async with manager.run():
            await manager.handle_request(scope, receive, send)

    return serve
