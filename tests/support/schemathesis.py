"""Schemathesis, which tries every operation of an OpenAPI description with all of its checks."""

import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

from tests.support.child import child_process


async def schemathesis(
    folder: Path, url: str, configuration: Path, operations: int, *options: str
) -> None:
    """Run it; it must find nothing.

    Args:
        folder: Where it may leave its files.
        url: The address of the description.
        configuration: What it is told about the API.
        operations: How many operations there are.
        options: Further options of its command.
    """
    async with child_process(
        sys.executable,
        "-m",
        "schemathesis.cli",
        f"--config-file={configuration}",
        "run",
        url,
        "--no-color",
        *options,
        cwd=folder,
        stdout=PIPE,
        stderr=STDOUT,
        env=os.environ | {"NO_COLOR": "1"},
    ) as process:
        printed, _ = await process.communicate()
    assert process.returncode == 0, printed.decode()
    assert f"{operations} selected / {operations} total" in printed.decode()
