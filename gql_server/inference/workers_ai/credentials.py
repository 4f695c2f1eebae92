"""The account's secrets: sent to the service, and shown nowhere."""

import re
from collections.abc import Generator
from typing import Final

import httpx

_HEADER_VALUE: Final = re.compile(r"[!-~]+")


class Authorization(httpx.Auth):
    """Adds the tokens to a request; shows them nowhere."""

    def __init__(self, api_token: str, gateway_token: str | None = None) -> None:
        """Take the tokens.

        Args:
            api_token: The account's.
            gateway_token: An AI Gateway's own; None where it requires none.

        Raises:
            ValueError: No header can carry one of them.
        """
        tokens = {"Authorization": api_token}
        if gateway_token is not None:
            tokens["cf-aig-authorization"] = gateway_token
        for token in tokens.values():
            if not _HEADER_VALUE.fullmatch(token):
                message = "a token is empty or holds characters that no HTTP header can carry"
                raise ValueError(message)
        self._headers = {name: f"Bearer {token}" for name, token in tokens.items()}

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the tokens with a request."""
        request.headers.update(self._headers)
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
