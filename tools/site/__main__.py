"""Build the site: ``python -m tools.site``."""

import sys

from tools.site.build import SITE, SiteError, build

try:
    build()
except SiteError as error:
    sys.exit(str(error))
print(f"The site is in {SITE}: open index.html, or start the server and open /docs/.")  # noqa: T201
