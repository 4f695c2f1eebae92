"""Build the site: ``python -m tools.site``."""

import sys

from tools.build_steps import BuildError
from tools.site.build import SITE, build

try:
    build()
except BuildError as error:
    sys.exit(str(error))
print(f"The site is in {SITE}: open index.html, or start the server and open /docs/.")  # noqa: T201
