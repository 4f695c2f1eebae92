"""Downloads of images, from the server or from its store."""

from http import HTTPStatus
from typing import BinaryIO, Final

import httpx

from gql_server.client.asynchronous.connection import AsyncConnection
from gql_server.client.documents import READ_FILE, READ_UPLOAD
from gql_server.client.errors.base import ServerUnreachable, UnexpectedResponse
from gql_server.client.errors.rejections import NotFound, missing_file
from gql_server.client.responses import is_temporary, lost_connection, retry_after
from gql_server.client.results.images import ImageFile, SourceImage
from gql_server.client.retries import Attempt, TemporaryError

_TIMEOUT: Final = httpx.Timeout(60, connect=10)
_MAX_REFUSALS: Final = 3
_MAX_BYTES: Final = 256 * 1024 * 1024
"""No image of a model is nearly as large."""


async def fetch(connection: AsyncConnection, file: ImageFile | SourceImage, sink: BinaryIO) -> None:
    """Write the bytes of an image, and start over after a failure, from a new address.

    Raises:
        NotFound: The image or its file is gone.
        GqlServerError: The address, or the server, did not answer for too long.
        OSError: The bytes cannot be written.
    """
    retries = connection.retries()
    current = file
    refusals = 0
    while True:
        sink.seek(0)
        sink.truncate()
        try:
            await _download(connection.http, current.url, sink)
        except TemporaryError as failed:
            connection.reached()  # the address is known to be one
            await connection.wait(retries, failed)
        except NotFound:
            refusals += 1
            if refusals >= _MAX_REFUSALS:
                raise
        else:
            return
        current = await current_file(connection, file.id)  # an address may have expired


async def current_file(connection: AsyncConnection, image_id: str) -> ImageFile | SourceImage:
    """Return an image or an upload with an address that is valid now.

    Raises:
        NotFound: The caller has none with this ID.
    """
    if image_id.startswith("src_"):
        return await connection.look_up(SourceImage, READ_UPLOAD, image_id, noun="Image")
    return await connection.look_up(ImageFile, READ_FILE, image_id, noun="Image")


async def _download(http: httpx.AsyncClient, address: str, sink: BinaryIO) -> None:
    size = 0
    try:
        # Without the caller's key: the store may be another's.
        async with http.stream("GET", address, timeout=_TIMEOUT, follow_redirects=True) as answer:
            _check(answer)
            async for chunk in answer.aiter_bytes():
                size += len(chunk)
                if size > _MAX_BYTES:
                    raise UnexpectedResponse(f"An image has more than {_MAX_BYTES:,} bytes.")
                sink.write(chunk)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise UnexpectedResponse("Unexpected response: an image without an address.") from error
    except httpx.RequestError as error:
        raise lost_connection(error) from error


def _check(answer: httpx.Response) -> None:
    status = answer.status_code
    said = f"The image's address returns HTTP {status}."
    if is_temporary(status):
        error = ServerUnreachable(said, retry_after=retry_after(answer))
        raise TemporaryError(error, Attempt.NOT_RUN)
    if status != HTTPStatus.OK:
        raise missing_file(said)
