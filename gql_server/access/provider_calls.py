"""Calls of an OpenID Connect provider, whose answers have bounds."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import httpx
import orjson

from gql_server.tls import trusted_authorities

PROVIDER_SECONDS: Final = 5.0
"""How long the provider may send nothing."""

MAX_SECONDS: Final = 10.0
"""How long an answer may take."""

MAX_BYTES: Final = 1024 * 1024


class ProviderAnswer:
    """An answer, read to its end.

    Attributes:
        response: Its status and headers.
    """

    def __init__(self, response: httpx.Response, body: bytes) -> None:
        self.response: Final = response
        self._body = body

    def fields(self) -> Any:
        """Return the JSON object of a successful answer.

        Raises:
            httpx.HTTPStatusError: The answer is an error.
            ValueError: It is not a JSON object.
        """
        self.response.raise_for_status()
        fields = orjson.loads(self._body)
        if not isinstance(fields, dict):
            raise ValueError("the answer is not a JSON object")  # noqa: TRY004 - as invalid JSON
        return fields


def provider_client() -> httpx.AsyncClient:
    """Return a client for a provider."""
    return httpx.AsyncClient(verify=trusted_authorities(), timeout=PROVIDER_SECONDS)


async def call_provider(
    client: httpx.AsyncClient, address: str, *, form: Mapping[str, str] | None = None
) -> ProviderAnswer:
    """Send a form, or read an address, and read the answer.

    Raises:
        httpx.HTTPError: The provider does not answer in time.
        httpx.InvalidURL: The address is invalid.
        ValueError: The answer is too long.
    """
    method = "GET" if form is None else "POST"
    headers = {"Accept": "application/json"}
    body = bytearray()
    try:
        async with (
            asyncio.timeout(MAX_SECONDS),
            client.stream(method, address, data=form, headers=headers) as response,
        ):
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise ValueError("the answer is too long")
    except TimeoutError as error:
        raise httpx.ReadTimeout("the answer took too long") from error
    return ProviderAnswer(response, bytes(body))
