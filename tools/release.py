"""Checks a version before its release: ``make release-check``."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from graphql import build_schema
from graphql.utilities import BreakingChangeType, find_schema_changes

from gql_server import __version__

ROOT: Final = Path(__file__).parents[1]
_ACTION_NEEDED: Final = "### Action needed"


def main() -> None:
    """Print what is wrong, and exit with status 1 if anything is."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    schema = (ROOT / "schema.graphql").read_text("utf-8")
    tag = last_tag()
    before = None if tag is None else _git("show", f"{tag}:schema.graphql")
    sys.stdout.write(f"{__version__} after {tag or 'no release'}\n")
    found = list(problems(__version__, changelog, schema, before))
    sys.stdout.writelines(f"{one}\n" for one in found)
    sys.exit(1 if found else 0)


def problems(version: str, changelog: str, schema: str, before: str | None) -> Iterator[str]:
    """Find what a release lacks.

    Args:
        version: The version to release.
        changelog: The text of CHANGELOG.md.
        schema: The SDL of the version.
        before: The SDL of the last release; None: there is none.
    """
    section = changelog.partition(f"\n## {version}")[2]
    if not re.match(r"[,\s]", section):
        yield f"CHANGELOG.md: rename the heading Unreleased to {version} and add the date"
        return
    section = section.partition("\n## ")[0]
    breaking = [] if before is None else list(_breaking_changes(before, schema))
    if breaking and _ACTION_NEEDED not in section:
        yield f"CHANGELOG.md: {version} has no `{_ACTION_NEEDED}`, but these changes break clients:"
        yield from (f"  {one}" for one in breaking)


def last_tag() -> str | None:
    """Return the newest tag of a release, such as v1.0; None: there is none."""
    try:
        return _git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*").strip()
    except subprocess.CalledProcessError:
        return None


def _breaking_changes(before: str, schema: str) -> Iterator[str]:
    for change in find_schema_changes(build_schema(before), build_schema(schema)):
        if isinstance(change.type, BreakingChangeType):
            yield change.description


def _git(*arguments: str) -> str:
    command = ("git", *arguments)
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout


if __name__ == "__main__":
    main()
