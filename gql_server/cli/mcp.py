"""``gql-server mcp``."""

import asyncio
from importlib.util import find_spec
from typing import Annotated

import typer

from gql_server.cli.client_options import checked_address, read_key, refuse
from gql_server.cli.start import fail


def mcp(
    server: Annotated[
        str, typer.Option(envvar="GQL_SERVER_URL", help="URL of the server.")
    ] = "http://127.0.0.1:8000",
) -> None:
    """Serve MCP on standard input and output, for AI agents, through a running server.

    Every request is passed on to the server's /mcp. The API key is read from the environment,
    GQL_SERVER_KEY, or from the file that GQL_SERVER_KEY_FILE names.
    """
    if find_spec("mcp") is None:
        refuse('MCP is not installed. Install it with: pip install "gql-server[mcp]"')
    from gql_server.cli.mcp_bridge import serve_stdio  # noqa: PLC0415 - an extra

    key = read_key()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    url = f"{checked_address(server)}/mcp"
    try:
        asyncio.run(serve_stdio(url, headers))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except Exception as error:  # noqa: BLE001 - of the network, in groups
        fail(f"{url}: {_reason(error)}")


def _reason(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__
