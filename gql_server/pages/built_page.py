"""What the built pages have in common: the addresses of their assets, and their policy."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from gql_server.pages.static_files import ASSETS


def built_page(file: Path, *, public_path: str) -> str:
    """Read a page whose assets are served below a proxy's path, such as ``/ai``; or empty."""
    return file.read_text("utf-8").replace(f'"./{ASSETS}/', f'"{public_path}/{ASSETS}/')


def content_policy(
    image_sources: Iterable[str] = (), *, changes: Mapping[str, str] | None = None
) -> str:
    """Return the content security policy of a page: nothing inline, and nothing from elsewhere.

    Args:
        image_sources: Where images come from beside this server.
        changes: Further directives, and those that this page needs otherwise.
    """
    directives = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": " ".join(("'self'", *image_sources)),
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    directives |= changes or {}
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())
