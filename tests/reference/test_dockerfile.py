"""The Dockerfile copies what is there and what its steps need; no Docker engine is at hand."""

import re
import tomllib
from pathlib import Path
from typing import Final

from tools.site.navigation import ROOT, read_navigation

TEXT: Final = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text("utf-8"))
STAGES: Final = re.findall(r"^FROM \S+(?: AS (\w+))?$", TEXT, re.MULTILINE)
COPIES: Final = re.findall(r"^COPY (?:--from=(\w+) )?(.+) (\S+)$", TEXT, re.MULTILINE)


def is_in_context(path: Path) -> bool:
    """Return whether a build sees a file: the last rule of .dockerignore that matches decides."""
    relative, is_seen = path.relative_to(ROOT).as_posix(), True
    for rule in (ROOT / ".dockerignore").read_text("utf-8").split():
        pattern = re.escape(rule.removeprefix("!"))
        pattern = pattern.replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if re.fullmatch(f"{pattern}(/.*)?", relative):
            is_seen = rule.startswith("!")
    return is_seen


def test_what_is_copied_is_there() -> None:
    named = [one for stage, sources, _ in COPIES if not stage for one in sources.split()]
    assert {"studio", "gql_server", "pyproject.toml"} <= {*named}
    for path in (ROOT / one for one in named if one != "."):
        assert path.exists(), path
        assert is_in_context(path), path


def test_what_one_stage_takes_from_another_is_what_that_builds() -> None:
    taken = {stage: sources for stage, sources, _ in COPIES if stage}
    assert taken == {
        "studio": "/build/gql_server/pages/static",
        "docs": "/build/gql_server/pages/site",
        "build": "/venv",
    }
    assert {*taken} <= {*STAGES}


def test_the_documentation_is_built_from_files_that_the_build_sees() -> None:
    pages = read_navigation().pages
    shown = [*pages, *(ROOT / "docs" / "operating").iterdir(), *(ROOT / "tools").rglob("*.py")]
    assert [path for path in shown if not is_in_context(path)] == []


def test_the_package_is_built_from_files_that_the_build_copies() -> None:
    copied = {one for _, sources, _ in COPIES for one in sources.split()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert {project["project"]["readme"], *project["project"]["license-files"]} <= copied
    hook = project["tool"]["hatch"]["build"]["hooks"]["custom"]
    assert hook.get("path", "hatch_build.py") in copied


def test_what_a_build_makes_is_not_taken_from_this_machine() -> None:
    for made in ("gql_server/pages/static/x", "gql_server/pages/site/x", "studio/node_modules/x"):
        assert not is_in_context(ROOT / made)
    for private in (".env", "data/gql_server.db", ".git/config"):
        assert not is_in_context(ROOT / private)
