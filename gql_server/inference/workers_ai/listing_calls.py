"""Reading Cloudflare's lists of models by HTTP."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import httpx

from gql_server.inference.workers_ai.answers import read_answer
from gql_server.inference.workers_ai.credentials import Authorization, SecretsHidden
from gql_server.inference.workers_ai.errors import AttemptFailed, read_error
from gql_server.settings.settings import GATEWAY_ENDING
from gql_server.tls import trusted_authorities

_MAX_TEXT_LENGTH: Final = 100


class ListingFailed(Exception):
    """Cloudflare's list could not be read; the message holds no secret.

    Attributes:
        status: The HTTP status of the answer, if there was one.
        is_refusal: The token or the account was refused, and not the address wrong.
    """

    def __init__(
        self, message: str, *, status: int | None = None, is_refusal: bool = False
    ) -> None:
        super().__init__(message)
        self.status = status
        self.is_refusal = is_refusal


class ListingCalls:
    """Reads addresses of an account beneath ``/ai``."""

    def __init__(self, client: httpx.AsyncClient, base_url: str, redact: SecretsHidden) -> None:
        self._client = client
        self._base_url = base_url
        self._redact = redact

    async def get(self, path: str, query: Mapping[str, str | int] | None = None) -> bytes:
        """Return the body of a successful answer.

        Raises:
            ListingFailed: The service cannot be reached, or refuses.
        """
        try:
            async with self._client.stream("GET", self._base_url + path, params=query) as response:
                answer = await read_answer(response)
        except (httpx.HTTPError, OSError) as error:
            reason = f"the service cannot be reached: {type(error).__name__}"
            raise ListingFailed(reason) from error
        except AttemptFailed as error:
            raise ListingFailed(f"no list of models: {error.detail}") from error
        if not httpx.codes.is_success(answer.status):
            failure = read_error(answer.status, answer.headers, answer.body, redact=self._redact)
            is_refusal = answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
            what = "the token or the account was refused" if is_refusal else "the service failed"
            raise ListingFailed(
                f"{what}: HTTP status {answer.status}, {failure.detail}",
                status=answer.status,
                is_refusal=is_refusal,
            )
        return answer.body


@asynccontextmanager
async def open_listing(
    *, account_id: str, api_token: str, base_url: str, timeout_seconds: float = 30.0
) -> AsyncIterator[ListingCalls]:
    """Open a client for the lists of an account.

    Raises:
        ListingFailed: The address is that of an AI Gateway, which has no lists.
    """
    base = base_url.rstrip("/")
    if base.endswith(GATEWAY_ENDING):
        raise ListingFailed(
            "an AI Gateway has no list of models; use the address of Cloudflare's API"
        )
    async with httpx.AsyncClient(
        verify=trusted_authorities(), auth=Authorization(api_token), timeout=timeout_seconds
    ) as client:
        yield ListingCalls(
            client,
            f"{base}/accounts/{quote(account_id, safe='')}/ai",
            SecretsHidden(api_token, account_id),
        )


def plain(text: str, *, length: int = _MAX_TEXT_LENGTH) -> str:
    """Return text of the service as it may be printed: on one line, and short."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:length]
