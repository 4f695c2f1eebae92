"""The account's secrets: sent to the service, and shown nowhere."""

import re
from collections.abc import Generator
from typing import Final

import httpx

_HEADER_VALUE: Final = re.compile(r"[!-~]+")


class Authorization(httpx.Auth):
    """Adds the token to a request; shows it nowhere."""

    def __init__(self, api_token: str) -> None:
        """Take the token.

        Raises:
            ValueError: No header can carry it.
        """
        if not _HEADER_VALUE.fullmatch(api_token):
            message = "the API token is empty or holds characters that no HTTP header can carry"
            raise ValueError(message)
        self._value = f"Bearer {api_token}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the token with a request."""
        request.headers["Authorization"] = self._value
        yield request


class SecretsHidden:
    """Takes secrets out of a text; shows them nowhere."""

    def __init__(self, *secrets: str) -> None:
        self._pattern = re.compile("|".join(re.escape(secret) for secret in secrets if secret))

    def __call__(self, text: str) -> str:
        """Return the text without them."""
        return self._pattern.sub("[hidden]", text)

    def __repr__(self) -> str:
        return "<secrets hidden>"
