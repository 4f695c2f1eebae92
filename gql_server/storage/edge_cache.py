"""Copies of stored files in Cloudflare's cache, which outlive the files unless they are purged."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, Protocol

import httpx

from gql_server.storage.store import StoreMisconfigured, StoreUnavailable
from gql_server.tls import trusted_authorities

_AT_ONCE: Final = 100
"""How many files Cloudflare purges in one request."""

_TIMEOUT: Final = httpx.Timeout(10.0)
_PASSING: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT)


class EdgeCache(Protocol):
    """A cache between the stored files and the browsers."""

    async def purge(self, keys: Sequence[str]) -> None:
        """Remove every copy of files, their resized and converted versions too.

        Raises:
            StoreUnavailable: The cache does not answer; try again later.
            StoreMisconfigured: The cache refuses; the message says how to fix that.
        """

    async def close(self) -> None:
        """Close the connections."""


class NoEdgeCache:
    """There is no cache that could be purged."""

    async def purge(self, keys: Sequence[str]) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""


class CloudflareCache:
    """The cache of a zone at Cloudflare.

    Files of a bucket are purged by their public URLs; that of an original includes its
    transformations. Files that this server serves are purged by the tag that ``cache_tag`` names,
    because each width and format is a URL of its own.
    """

    def __init__(self, *, zone_id: str, token: str, api_url: str, public_base: str | None) -> None:
        """Take the zone, and how files are named in it.

        Args:
            zone_id: The ID of the zone.
            token: An API token with the permission Cache Purge for the zone.
            api_url: The base URL of Cloudflare's API.
            public_base: The URL that a key is appended to; None: files have a tag.
        """
        self._public_base = public_base
        self._url = f"{api_url.rstrip('/')}/zones/{zone_id}/purge_cache"
        self._client = httpx.AsyncClient(
            verify=trusted_authorities(),
            timeout=_TIMEOUT,
            headers={"Authorization": f"Bearer {token}"},
        )

    async def purge(self, keys: Sequence[str]) -> None:
        """Remove every copy of files, a hundred with each request."""
        for start in range(0, len(keys), _AT_ONCE):
            await self._purge(keys[start : start + _AT_ONCE])

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _purge(self, keys: Sequence[str]) -> None:
        if self._public_base is not None:
            body = {"files": [f"{self._public_base}/{key}" for key in keys]}
        else:
            body = {"tags": [cache_tag(key) for key in keys]}
        try:
            response = await self._client.post(self._url, json=body)
        except httpx.HTTPError as error:
            raise StoreUnavailable(f"Cloudflare's API: {type(error).__name__}") from error
        status = response.status_code
        if response.is_success:
            return
        if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise StoreUnavailable(f"Cloudflare's API answered {status}")
        raise StoreMisconfigured(
            f"Cloudflare refused to purge its cache ({status}). Check CLOUDFLARE_ZONE_ID, and that "
            "CLOUDFLARE_CACHE_TOKEN has the permission Cache Purge for the zone"
        )


def cache_tag(key: str) -> str:
    """Return the tag of a file that this server serves: the image's ID."""
    return key.rpartition("/")[2].partition(".")[0]
