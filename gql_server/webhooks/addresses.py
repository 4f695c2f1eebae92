"""Which URLs webhooks may go to: none that reaches our own network."""

import socket
from collections.abc import Sequence
from typing import Final

import httpx

from gql_server.domain.errors import ErrorCode, InvalidInput, Path
from gql_server.outbound.addresses import (
    AddressRefused,
    IPAddress,
    PublicAddresses,
    Resolve,
    resolve_host,
)

MAX_URL_LENGTH: Final = 2048

REFUSAL: Final = (
    "This webhook address cannot be used. Give an address such as https://example.com/hook: "
    "https://, the name of a public host, port 443 or one above 1023, and no user name, password, "
    "spaces, control characters or #. Hosts that are unknown or in a private network are refused."
)
"""Always the same message: which names our network resolves must not leak."""


class WebhookAddresses:
    """Decides whether webhooks may go to a URL: when a client sets it, and on each connection."""

    def __init__(self, *, allow_private: bool, resolve: Resolve = resolve_host) -> None:
        """Take the rules.

        Args:
            allow_private: Whether private addresses, and URLs without TLS, are allowed.
            resolve: Resolves a host to IP addresses.
        """
        self._public = PublicAddresses(allow_private=allow_private, resolve=resolve)

    async def check(self, url: str, *, path: Path) -> None:
        """Check whether webhooks may go to a URL that a client sets.

        A host that cannot be resolved now is accepted: it is resolved again for each connection.

        Args:
            url: The URL.
            path: Its path in the input.

        Raises:
            InvalidInput: Webhooks may not go there.
        """
        if len(url) > MAX_URL_LENGTH:
            raise InvalidInput(
                f"A URL has at most {MAX_URL_LENGTH} characters; this one has {len(url)}.",
                path=path,
                code=ErrorCode.TOO_LONG,
            )
        try:
            target = self._public.read(url)
            if not self._public.allow_private:
                await self._public.find(target)
        except AddressRefused as error:
            raise InvalidInput(REFUSAL, path=path) from error
        except TimeoutError:
            return
        except OSError as error:
            if isinstance(error, socket.gaierror) and error.errno != socket.EAI_AGAIN:
                raise InvalidInput(REFUSAL, path=path) from error

    async def dial(self, url: str) -> tuple[httpx.URL, Sequence[IPAddress]]:
        """Return a URL, and the only IP addresses to connect to.

        Raises:
            AddressRefused: Webhooks may not go there, or no longer.
        """
        return await self._public.dial(url)
