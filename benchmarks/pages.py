"""The pages in a browser: how long each takes to be there for a first visit."""

import asyncio
import json
import os
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Final

from benchmarks.client import Connection, graphql_data, graphql_request
from benchmarks.processes import node_program, server_process
from benchmarks.report import PageTiming

_MUTATION: Final = """
mutation Generate($input: GenerateImageInput!) {
  generateImage(input: $input) { image { id } userErrors { message } }
}
"""
_MODEL: Final = "@cf/black-forest-labs/flux-1-schnell"
_IMAGES: Final = 12
_TURNS: Final = 7
_MAX_SECONDS: Final = 600.0
_SCRIPT: Final = Path(__file__).parent / "pages.mjs"


def measure_pages(folder: Path) -> list[PageTiming]:
    """Visit each page of a server with a few previews, each time with an empty cache.

    Args:
        folder: For the server's data and log.

    Raises:
        RuntimeError: Nothing has installed node, or the pages are not built.
    """
    arguments = ["gql_server", "serve", "--port", "{port}"]
    settings = {"DATA_DIR": str(folder), "LOG_LEVEL": "warning"}
    with server_process(arguments, folder / "server.log", settings) as server:
        asyncio.run(_generate(server.port))
        done = subprocess.run(
            [node_program(), _SCRIPT, f"http://127.0.0.1:{server.port}", str(_TURNS)],
            env={**os.environ, "TMPDIR": str(folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=_MAX_SECONDS,
        )
    if done.returncode:
        raise RuntimeError(f"{_SCRIPT.name} failed:\n{done.stderr}")
    return [PageTiming(**one) for one in json.loads(done.stdout)]


async def _generate(port: int) -> None:
    with closing(await Connection.to(port)) as connection:
        for number in range(_IMAGES):
            given = {"prompt": f"A first image, number {number}", "model": _MODEL}
            request = graphql_request(_MUTATION, {"input": given})
            graphql_data(await connection.post(request))
