"""Downloads of images from the addresses that their providers store them at."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx
import structlog

from gql_server.inference.generator import GeneratedPicture, NotFetched, RemoteImage
from gql_server.inference.workers_ai.answers import MAX_ANSWER_BYTES
from gql_server.outbound.addresses import AddressRefused, PublicAddresses
from gql_server.outbound.dialling import dialled
from gql_server.pictures.decoding import NotAPicture
from gql_server.pictures.inspection import ImageInfo, inspect_picture
from gql_server.tls import trusted_authorities

log = structlog.get_logger(__name__)

_CONNECT_SECONDS: Final = 10.0
_USUAL_LIFETIME: Final = timedelta(hours=24)
_MAX_LIFETIME: Final = timedelta(days=7)
FETCH_WAITS: Final = (0.5, 2.0, 5.0)
"""Seconds between attempts."""

_GONE: Final = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_MAY_APPEAR: Final = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
"""A file host may answer so for a moment after a file was written."""

_MAX_URL: Final = 4096


class _NotThereYet(NotFetched):
    """A status that means gone if it is still returned after the waits."""


class ImageFetcher:
    """Fetches images that were paid for: bounded in size and time, from public hosts alone.

    Args:
        addresses: Decides which hosts may be requested.
        timeout_seconds: How long one attempt may take, to the last byte.
        clock: Returns the present moment.
        waits: Seconds between attempts; one more attempt than there are waits is made.
    """

    def __init__(
        self,
        addresses: PublicAddresses,
        *,
        timeout_seconds: float,
        clock: Callable[[], datetime],
        waits: tuple[float, ...] = FETCH_WAITS,
    ) -> None:
        self._addresses = addresses
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._waits = waits
        self._client: httpx.AsyncClient | None = None

    def expiry(self, url: str) -> datetime:
        """Return until when an address can be used: as it says, or for a day."""
        lifetime = _USUAL_LIFETIME
        try:
            said = parse_qs(urlsplit(url).query).get("X-Amz-Expires", [""])[0]
            if said.isascii() and said.isdigit():
                lifetime = min(timedelta(seconds=int(said[:7])), _MAX_LIFETIME)
        except ValueError:
            pass
        return self._clock() + lifetime

    def check(self, url: str) -> None:
        """Check an address before it is remembered.

        Raises:
            NotFetched: The address can be neither stored nor requested.
        """
        if len(url) > _MAX_URL:
            raise NotFetched("its address is too long", is_gone=True)
        if not url.isprintable():  # a NUL cannot be stored, nor a lone surrogate
            raise NotFetched("its address has control characters", is_gone=True)

    async def fetch(self, image: RemoteImage) -> GeneratedPicture:
        """Fetch an image, as ``Generator.fetch`` promises."""
        for wait in (*self._waits, None):
            try:
                data, info = await self._attempt(image.url)
            except NotFetched as error:
                log.warning("image_not_fetched", reason=str(error), is_gone=error.is_gone)
                is_final = error.is_gone and not isinstance(error, _NotThereYet)
                if is_final or wait is None:
                    raise
                await asyncio.sleep(wait)
            else:
                return GeneratedPicture(
                    data=data,
                    info=info,
                    seconds=image.seconds,
                    seed=image.seed,
                    usage=image.usage,
                    log_id=image.log_id,
                    is_remote=True,
                )
        raise AssertionError  # pragma: no cover - the loop ends by return or by raising

    async def close(self) -> None:
        """Close every connection."""
        if self._client is not None:
            await self._client.aclose()

    async def _attempt(self, url: str) -> tuple[bytes, ImageInfo]:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                data = await self._read(url)
        except AddressRefused as error:
            raise NotFetched("its address is not public, or its host is unknown") from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise NotFetched(f"no whole answer in {time.monotonic() - started:.0f} s") from error
        except httpx.HTTPError as error:
            raise NotFetched(f"the connection failed: {type(error).__name__}") from error
        try:
            return data, await asyncio.to_thread(inspect_picture, data, allow_svg=True)
        except NotAPicture as error:
            raise NotFetched(f"the bytes are not an image: {error.reason}", is_gone=True) from error

    async def _read(self, url: str) -> bytes:
        target, found = await self._addresses.dial(url)
        client = await self._opened()
        response = await dialled(client, target, found, method="GET")
        try:
            if not response.is_success:
                status = response.status_code
                failure = _NotThereYet if status in _MAY_APPEAR else NotFetched
                raise failure(f"HTTP status {status}", is_gone=status in _GONE)
            coding = response.headers.get("content-encoding", "identity").strip().lower()
            if coding not in ("", "identity"):  # read as they are, its bytes would not be an image
                raise NotFetched("the bytes are compressed, although identity was requested")
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise NotFetched(f"more than {MAX_ANSWER_BYTES} bytes", is_gone=True)
            return bytes(body)
        finally:
            await response.aclose()

    async def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            authorities = await asyncio.to_thread(trusted_authorities)
            self._client = httpx.AsyncClient(
                verify=authorities,
                timeout=httpx.Timeout(self._timeout_seconds, connect=_CONNECT_SECONDS),
                # A connection belongs to the host that it was checked for.
                limits=httpx.Limits(max_keepalive_connections=0),
                follow_redirects=False,
                trust_env=False,  # a proxy would look the host up by itself
                headers={"accept-encoding": "identity"},
            )
        return self._client
