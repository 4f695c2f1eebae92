"""The assets of the built pages over HTTP: named by content, precompressed, cached indefinitely."""

from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

STATIC: Final = Path(__file__).parent / "static"
"""Where ``make studio`` builds to; the folder may be missing."""

ASSETS: Final = "assets"
"""The folder of the assets, in ``STATIC`` and in URLs."""

_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
}
_ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}
"""The compressed forms that a build writes, the smallest first."""

_HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    # A worker obeys the policy that comes with its own script.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'",
}


def assets_route(folder: Path = STATIC) -> Route:
    """Serve the assets in the folder at ``/assets/{name}`` to GET and HEAD.

    Only files that exist now are served. An asset's name contains a hash of its content, so caches
    may keep it indefinitely.
    """
    found = (folder / ASSETS).glob("*")
    names = {path.name: path for path in found if path.suffix in _MEDIA_TYPES}

    async def serve(request: Request) -> Response:
        path = names.get(request.path_params["name"])
        if path is None or not path.is_file():  # a new build deletes files
            return PlainTextResponse("There is no such file.", HTTPStatus.NOT_FOUND)
        headers = dict(_HEADERS)
        media_type = _MEDIA_TYPES[path.suffix]
        for encoding in _accepted(request.headers.get("accept-encoding", "")):
            compressed = path.with_name(path.name + _ENCODINGS[encoding])
            if compressed.is_file():
                headers |= {"Content-Encoding": encoding, "Vary": "Accept-Encoding"}
                path = compressed
                break
        return FileResponse(path, headers=headers, media_type=media_type)

    return Route(f"/{ASSETS}/{{name}}", serve, methods=["GET"], name="assets")


def _accepted(header: str) -> list[str]:
    accepted = set()
    for part in header.lower().split(","):
        encoding, _, weight = part.partition(";")
        if weight.strip().replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}:
            accepted.add(encoding.strip())
    return [encoding for encoding in _ENCODINGS if encoding in accepted]
