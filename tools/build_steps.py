"""Steps of builds whose tools are no part of the server's environment; they need Python alone."""

import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path


class BuildError(Exception):
    """A step of a build failed; the message says which, and shows what it printed."""


def install(environment: Path, requirements: Path) -> None:
    """Make an environment with these requirements, unless it is there already.

    Raises:
        BuildError: pip cannot install them.
    """
    required, stamp = requirements.read_text("utf-8"), environment / "installed"
    if is_current(stamp, required):
        return
    venv.EnvBuilder(with_pip=True, clear=True).create(environment)
    pip = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    command = (python_of(environment), *pip, "-r", str(requirements))
    run(command, folder=requirements.parent, failure=f"pip cannot install {requirements}")
    stamp.write_text(required, "utf-8")


def is_current(stamp: Path, expected: str) -> bool:
    """Return whether a step was done with what is expected now."""
    return stamp.is_file() and stamp.read_text("utf-8") == expected


def python_of(environment: Path) -> str:
    """Return the Python of an environment."""
    return str(environment / ("Scripts" if sys.platform == "win32" else "bin") / "python")


def run(command: Sequence[str], *, folder: Path, failure: str) -> None:
    """Run a command.

    Args:
        command: The command.
        folder: Where it runs.
        failure: What to say if it fails, before what it printed.

    Raises:
        BuildError: It failed.
    """
    done = subprocess.run(  # noqa: S603 - commands of the callers' own
        command, cwd=folder, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise BuildError(f"{failure}:\n{done.stdout}{done.stderr}")
