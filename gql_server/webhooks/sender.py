"""Sending one request to a receiver, which is not trusted."""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httpx

from gql_server import __version__
from gql_server.domain.retry_after import read_retry_after
from gql_server.outbound.addresses import AddressRefused
from gql_server.outbound.dialling import dialled
from gql_server.tls import trusted_authorities
from gql_server.webhooks.addresses import REFUSAL, WebhookAddresses

TIMEOUT_SECONDS: Final = 15.0

_CONNECT_SECONDS: Final = 5.0
_BODY_SECONDS: Final = 1.0
_BODY_BYTES: Final = 8192


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a request.

    Attributes:
        status_code: The response's status; None if there was no response.
        error: Why it does not count as delivered; None if it does.
        retry_after: Seconds that the receiver asks to wait.
    """

    status_code: int | None = None
    error: str | None = None
    retry_after: float | None = None


class WebhookSender:
    """Sends requests to URLs that clients chose."""

    def __init__(
        self,
        addresses: WebhookAddresses,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        """Take the rules.

        Args:
            addresses: Decides where a request may go.
            timeout_seconds: How long a receiver has to respond.
            verify: The trusted certificates; None: those of httpx.
        """
        self._addresses = addresses
        self._timeout_seconds = timeout_seconds
        self._client = httpx.AsyncClient(
            verify=verify or trusted_authorities(),
            timeout=httpx.Timeout(timeout_seconds, connect=_CONNECT_SECONDS),
            # A connection belongs to the host it was checked for, and to no other request.
            limits=httpx.Limits(max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,  # a proxy would resolve the host itself
            headers={"user-agent": f"gql_server/{__version__}", "accept-encoding": "identity"},
        )

    async def send(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        """Send a body and return the result; errors are returned, not raised."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._send(url, headers, body)
        except AddressRefused:
            return Answer(error=REFUSAL)
        except (TimeoutError, httpx.TimeoutException):
            return Answer(error=f"No response within {self._timeout_seconds:g} seconds.")
        except httpx.HTTPError as error:
            return Answer(error=_reason(error))

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _send(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        target, found = await self._addresses.dial(url)
        response = await dialled(
            self._client,
            target,
            found,
            method="POST",
            headers={**headers, "content-type": "application/json"},
            content=body.encode(),
        )
        try:
            await _skim(response)
            return _answer(response)
        finally:
            await response.aclose()


async def _skim(response: httpx.Response) -> None:
    # Read only so that the receiver sees its response taken; only the status counts.
    with suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(_BODY_SECONDS):
            taken = 0
            async for chunk in response.aiter_raw(_BODY_BYTES):
                taken += len(chunk)
                if taken >= _BODY_BYTES:
                    return


def _answer(response: httpx.Response) -> Answer:
    status = response.status_code
    if response.is_success:
        return Answer(status)
    message = f"The receiver returned {status}."
    if response.is_redirect:
        message = f"The receiver returned {status}; redirects are not followed."
    elif status == HTTPStatus.GONE:
        message = "The receiver returned 410: no more deliveries are attempted."
    return Answer(status, message, read_retry_after(response.headers.get("retry-after")))


def _reason(error: httpx.HTTPError) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "The receiver's certificate was not accepted."
        if isinstance(cause, ssl.SSLError):
            return "The TLS connection failed."
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ConnectError):
        return "The connection failed."
    if isinstance(error, httpx.ProtocolError | httpx.DecodingError):
        return "The response was not HTTP."
    return "The connection was lost."
