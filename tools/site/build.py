"""Builds the site into gql_server/pages/site, with warnings as errors.

Sphinx is installed into an environment of its own, from docs/requirements.txt: the server and its
tests do not need it. `hatch_build.py` calls this for wheels and sdists.
"""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tools.build_steps import install, python_of, run
from tools.site.inline import move_inline_code
from tools.site.navigation import ROOT, read_navigation
from tools.site.sources import lay_out
from tools.site.tables import label_cells

SITE: Final = ROOT / "gql_server" / "pages" / "site"
ENVIRONMENT: Final = ROOT / ".venv-docs"

_REQUIREMENTS: Final = ROOT / "docs" / "requirements.txt"
_NOT_SERVED: Final = (".buildinfo", "objects.inv", "_static/**/*.map", "_static/debug.css")
"""What Sphinx and the theme write for other tools."""


def build(folder: Path = SITE) -> None:
    """Build the site, first installing what is missing.

    Raises:
        BuildError: A page has a broken link or is in no list, or a step failed.
    """
    install(ENVIRONMENT, _REQUIREMENTS)
    with TemporaryDirectory() as scratch:
        sources, site = Path(scratch, "sources"), Path(scratch, "site")
        sources.mkdir()
        lay_out(read_navigation(), sources)
        options = ("--nitpicky", "--fail-on-warning", "--quiet")
        folders = ("--conf-dir", str(Path(__file__).parent), "--doctree-dir", f"{scratch}/trees")
        sphinx = (python_of(ENVIRONMENT), "-m", "sphinx", "--builder", "html", *options, *folders)
        command = (*sphinx, str(sources), str(site))
        run(command, folder=ROOT, failure="The documentation cannot be built")
        for pattern in _NOT_SERVED:
            for file in site.glob(pattern):
                file.unlink()
        move_inline_code(site)
        label_cells(site)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.move(site, folder)
