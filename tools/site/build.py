"""Builds the site into gql_server/pages/site, with warnings as errors.

Sphinx is installed into an environment of its own, from docs/requirements.txt: the server and its
tests do not need it. `hatch_build.py` calls this for wheels and sdists.
"""

import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tools.site.inline import move_inline_code
from tools.site.navigation import ROOT, read_navigation
from tools.site.sources import lay_out
from tools.site.tables import label_cells

SITE: Final = ROOT / "gql_server" / "pages" / "site"
ENVIRONMENT: Final = ROOT / ".venv-docs"

_REQUIREMENTS: Final = ROOT / "docs" / "requirements.txt"
_NOT_SERVED: Final = (".buildinfo", "objects.inv", "_static/**/*.map", "_static/debug.css")
"""What Sphinx and the theme write for other tools."""


class SiteError(Exception):
    """The site cannot be built; the message says why."""


def build(folder: Path = SITE) -> None:
    """Build the site, first installing what is missing.

    Raises:
        SiteError: A page has a broken link or is in no list, or a step failed.
    """
    _install()
    with TemporaryDirectory() as scratch:
        sources, site = Path(scratch, "sources"), Path(scratch, "site")
        sources.mkdir()
        lay_out(read_navigation(), sources)
        options = ("--nitpicky", "--fail-on-warning", "--quiet")
        folders = ("--conf-dir", str(Path(__file__).parent), "--doctree-dir", f"{scratch}/trees")
        sphinx = (_python(), "-m", "sphinx", "--builder", "html", *options, *folders)
        _run((*sphinx, str(sources), str(site)), failure="The documentation cannot be built")
        for pattern in _NOT_SERVED:
            for file in site.glob(pattern):
                file.unlink()
        move_inline_code(site)
        label_cells(site)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.move(site, folder)


def _install() -> None:
    required = _REQUIREMENTS.read_text("utf-8")
    stamp = ENVIRONMENT / "installed"
    if stamp.is_file() and stamp.read_text("utf-8") == required:
        return
    venv.EnvBuilder(with_pip=True, clear=True).create(ENVIRONMENT)
    pip = (_python(), "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    _run((*pip, "-r", str(_REQUIREMENTS)), failure="pip cannot install Sphinx")
    stamp.write_text(required, "utf-8")


def _python() -> str:
    return str(ENVIRONMENT / ("Scripts" if sys.platform == "win32" else "bin") / "python")


def _run(command: Sequence[str], *, failure: str) -> None:
    done = subprocess.run(  # noqa: S603 - commands of this file
        command, cwd=ROOT, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise SiteError(f"{failure}:\n{done.stdout}{done.stderr}")
