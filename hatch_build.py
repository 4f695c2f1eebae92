"""Builds the pages before a wheel or an sdist is packed; an editable install goes without."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class StudioHook(BuildHookInterface[Any]):
    """Builds the pages where they are missing: an sdist brings them already."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's
        """Build the pages.

        Raises:
            StudioError: They cannot be built; a wheel without them would be incomplete.
        """
        root = Path(self.root)
        if version == "editable" or (root / "gql_server/pages/static/playground.html").is_file():
            return
        sys.path.insert(0, self.root)
        from tools.studio import build  # noqa: PLC0415 - not on the path before

        build()
