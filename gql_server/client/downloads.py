"""Downloads of images, from the server or from its store."""

from enum import Enum
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx

from gql_server.client.answers import Image, Item
from gql_server.client.errors import ServerRefused, is_transient
from gql_server.client.folder import OutputFolder
from gql_server.client.retry_policy import ConnectionLost
from gql_server.client.server import Server

_TIMEOUT: Final = httpx.Timeout(60, connect=10)
_MAX_REFUSALS: Final = 3


class Fetched(Enum):
    """The result of a download."""

    SAVED = "saved"
    PRESENT = "there already"
    MISSING = "cannot be had"


async def fetch_picture(
    server: Server, http: httpx.AsyncClient, folder: OutputFolder, item: Item, image: Image
) -> Fetched:
    """Save an item's image unless it is saved already; after a failure, request a new address.

    Raises:
        ServerRefused: The server's names are no names.
        ServerUnreachable: The image's address, or the server, did not answer for too long.
        OSError: The image could not be written.
    """
    target = folder.picture_path(item, image)
    if target.exists():
        return Fetched.PRESENT
    retries = server.retries()
    current: Image | None = image
    refusals = 0
    while current is not None and refusals < _MAX_REFUSALS:
        try:
            await _download(http, current.url, folder, target)
        except ConnectionLost as lost:
            await retries.wait(lost)
        except ServerRefused:
            refusals += 1
        else:
            return Fetched.SAVED
        current = await server.image(image.id)  # an address may have expired meanwhile
    return Fetched.MISSING


async def _download(
    http: httpx.AsyncClient, address: str, folder: OutputFolder, target: Path
) -> None:
    try:
        async with http.stream("GET", address, timeout=_TIMEOUT, follow_redirects=True) as answer:
            if is_transient(answer.status_code):
                raise ConnectionLost(f"the image's address returns HTTP {answer.status_code}")
            if answer.status_code != HTTPStatus.OK:
                raise ServerRefused(f"The image's address returns HTTP {answer.status_code}.")
            await folder.save(target, answer.aiter_bytes())
    except httpx.TransportError as error:
        reason = str(error) or type(error).__name__
        raise ConnectionLost(f"an image could not be downloaded: {reason}") from error
