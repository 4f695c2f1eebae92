"""The folder's images over HTTP: complete, in ranges, and as resized or converted renditions."""

import re
from http import HTTPStatus
from typing import Final

from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from gql_server.pictures.decoding import NotAPicture
from gql_server.pictures.formats import RASTER_FORMATS, ImageFormat
from gql_server.storage.addresses import MAX_WIDTH
from gql_server.storage.edge_cache import cache_tag
from gql_server.storage.folder import FolderStore
from gql_server.storage.folder_files import StoredFile
from gql_server.storage.keys import InvalidKey
from gql_server.storage.store import WITHHELD, StoreMisconfigured, StoreUnavailable
from gql_server.web.disconnects import while_connected
from gql_server.web.headers import is_known
from gql_server.web.renditions import (
    Rendition,
    RenditionRequest,
    Renditions,
    TooManyOfClient,
    TooManyWaiting,
)

_CACHE_CONTROL: Final = "public, max-age=31536000, immutable"
_OWN_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",  # front ends show images on their own pages
}
_SVG_HEADERS: Final = {
    # Shown in an <img> as ever; opened by itself nothing in it runs, is fetched, or has an origin.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "sandbox",
    "Content-Disposition": "attachment",
}
_WIDTH: Final = re.compile(r"[0-9]{1,4}")


def images_route(
    store: FolderStore, *, renditions: Renditions | None = None, has_tags: bool = False
) -> Route:
    """Serve a folder's objects at ``/images/{key}`` to GET and HEAD.

    ``?width=1…4096`` scales down (never up) and ``?format=jpeg|png|webp|avif`` converts. The
    content of a key never changes, so caches may keep responses indefinitely; if URLs are signed,
    only the browser's own cache may, for as long as its URL is valid.

    Args:
        store: The folder.
        renditions: Makes and caches resized and converted images.
        has_tags: Whether responses have a ``Cache-Tag``, by which Cloudflare's cache is purged.
    """
    images = _Images(store, renditions or Renditions(), has_tags=has_tags)
    return Route("/images/{key:path}", images.serve, methods=["GET"], name="images")


class _Images:
    def __init__(self, store: FolderStore, renditions: Renditions, *, has_tags: bool) -> None:
        self._store = store
        self._renditions = renditions
        self._has_tags = has_tags

    async def serve(self, request: Request) -> Response:
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            response = Response()  # to a client that has gone
        except _BadQuery as error:
            response = _refusal(HTTPStatus.BAD_REQUEST, str(error))
        except NotAPicture as error:
            response = _refusal(HTTPStatus.BAD_REQUEST, f"The image cannot be resized: {error}.")
        except TooManyWaiting:
            response = _refusal(
                HTTPStatus.SERVICE_UNAVAILABLE, "Too many images are waiting to be resized."
            )
            response.headers["Retry-After"] = "1"
        except TooManyOfClient as error:
            response = _refusal(
                HTTPStatus.TOO_MANY_REQUESTS, "Too many resized images requested from your address."
            )
            response.headers["Retry-After"] = str(error.retry_after)
        except (StoreUnavailable, StoreMisconfigured, OSError):
            response = _refusal(
                HTTPStatus.SERVICE_UNAVAILABLE, "The image cannot be read at the moment."
            )
        return response

    async def _answer(self, request: Request) -> Response:
        query = request.query_params
        key = request.path_params["key"]
        seconds = self._store.seconds_left(
            key,
            query.get("expires"),
            query.get("signature"),
            width=query.get("width"),
            format=query.get("format"),
        )
        if seconds == 0:
            return _refusal(
                HTTPStatus.FORBIDDEN, "This URL has expired or is not signed. Query a new one."
            )
        response = await self._picture(request, key)
        if seconds is not None and "ETag" in response.headers:
            response.headers["Cache-Control"] = f"private, max-age={seconds}, immutable"
        if self._has_tags and "ETag" in response.headers:
            response.headers["Cache-Tag"] = cache_tag(key)
        return response

    async def _picture(self, request: Request, key: str) -> Response:
        width, image_format = _width(request.query_params), _format(request.query_params)
        try:
            # The hidden keys of deleted images are secret; knowing one does not help either.
            file = None if key.startswith(WITHHELD) else await self._store.locate(key)
        except InvalidKey:
            file = None
        if file is None:
            return _refusal(HTTPStatus.NOT_FOUND, "The image does not exist.")
        if width is None and image_format is None:
            return _original(request, file)
        rendition = RenditionRequest(
            path=file.path, digest=file.digest, width=width, format=image_format
        )
        found = self._renditions.cached(rendition)
        if found is None:
            client = request.client.host if request.client is not None else ""
            making = self._renditions.get(rendition, client=client)
            found = await while_connected(request, making)
        return _rendition(request, found)


class _BadQuery(Exception):
    """The query string requests something invalid; the message says what is valid."""


def _original(request: Request, file: StoredFile) -> Response:
    headers = _headers(file.digest)
    if file.content_type == ImageFormat.SVG.content_type:
        headers |= _SVG_HEADERS
    if is_known(request.scope, headers["ETag"]):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return FileResponse(
        file.path, headers=headers, media_type=file.content_type, stat_result=file.status
    )


def _rendition(request: Request, rendition: Rendition) -> Response:
    headers = _headers(rendition.digest)
    if is_known(request.scope, headers["ETag"]):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    headers["Content-Length"] = str(len(rendition.data))
    content = b"" if request.method == "HEAD" else rendition.data
    return Response(content, headers=headers, media_type=rendition.format.content_type)


def _width(query: QueryParams) -> int | None:
    text = query.get("width")
    if text is None:
        return None
    if not _WIDTH.fullmatch(text) or not 1 <= int(text) <= MAX_WIDTH:
        message = f"width must be a whole number from 1 to {MAX_WIDTH}."
        raise _BadQuery(message)
    return int(text)


def _format(query: QueryParams) -> ImageFormat | None:
    text = query.get("format")
    if text is None:
        return None
    if text not in RASTER_FORMATS:
        message = f"format must be one of {', '.join(RASTER_FORMATS)}."
        raise _BadQuery(message)
    return ImageFormat(text)


def _headers(digest: str) -> dict[str, str]:
    return {"ETag": f'"{digest[:32]}"', "Cache-Control": _CACHE_CONTROL, **_OWN_HEADERS}


def _refusal(status: HTTPStatus, message: str) -> Response:
    headers = {"Cache-Control": "no-store", **_OWN_HEADERS}
    return PlainTextResponse(message, status_code=status, headers=headers)
