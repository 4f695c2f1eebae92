"""Builds the pages and the documentation before a wheel or an sdist is packed.

An editable install goes without.
"""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PagesHook(BuildHookInterface[Any]):
    """Builds what is missing: an sdist brings both already."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's
        """Build the pages and the documentation.

        Raises:
            BuildError: They cannot be built; a wheel without them would be incomplete.
        """
        if version == "editable":
            return
        pages = Path(self.root) / "gql_server" / "pages"
        sys.path.insert(0, self.root)
        if not (pages / "static" / "playground.html").is_file():
            from tools import studio  # noqa: PLC0415 - not on the path before

            studio.build()
        if not (pages / "site" / "index.html").is_file():
            from tools.site import build as site  # noqa: PLC0415 - not on the path before

            site.build()
