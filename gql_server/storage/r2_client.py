"""The client that the R2 store uses: how it connects, and how long it retries."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final, TypeVar

import aioboto3
import stamina
from aiobotocore.config import AioConfig
from botocore.exceptions import BotoCoreError

from gql_server.storage.store import StoreMisconfigured, StoreUnavailable

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

MAX_CONNECTIONS: Final = 100

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How long to wait for a store; times are in seconds.

    Attributes:
        attempts: Maximum number of requests.
        total: Maximum time of all attempts and waits together.
        first_wait: Wait after the first failure; it doubles with each failure.
        max_wait: Maximum wait.
        jitter: Maximum random addition to each wait.
        connect_timeout: Time limit for connecting.
        read_timeout: Time limit for the next bytes.
    """

    attempts: int = 8
    total: float = 30.0
    first_wait: float = 0.2
    max_wait: float = 5.0
    jitter: float = 0.5
    connect_timeout: float = 3.0
    read_timeout: float = 10.0

    async def retry(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        """Repeat an attempt while it raises StoreUnavailable.

        Raises:
            StoreUnavailable: The last attempt failed, or the time is up.
        """
        try:
            async with asyncio.timeout(self.total):
                return await self._caller(attempt)
        except TimeoutError as error:
            raise StoreUnavailable(f"R2 did not answer within {self.total:g} s.") from error

    @cached_property
    def _caller(self) -> stamina.BoundAsyncRetryingCaller:
        return stamina.AsyncRetryingCaller(
            attempts=self.attempts,
            timeout=None,
            wait_initial=self.first_wait,
            wait_max=self.max_wait,
            wait_jitter=self.jitter,
        ).on(StoreUnavailable)


DEFAULT_POLICY: Final = RetryPolicy()


async def open_client(
    connections: AsyncExitStack,
    *,
    endpoint_url: str | None,
    access_key_id: str | None,
    secret_access_key: str | None,
    policy: RetryPolicy,
) -> "S3Client":
    """Open a client, which sends nothing yet, until the stack is closed.

    What is None comes from AWS's own environment variables and files; without an endpoint, the
    region too.

    Raises:
        StoreMisconfigured: The endpoint is not a URL.
    """
    try:
        return await connections.enter_async_context(
            _session().client(
                "s3",
                region_name="auto" if endpoint_url is not None else None,
                endpoint_url=endpoint_url,
                aws_access_key_id=access_key_id,
                aws_secret_access_key=secret_access_key,
                config=_client_config(policy),
            )
        )
    except (ValueError, BotoCoreError) as error:
        message = f"R2's endpoint {endpoint_url!r} cannot be used: {error}"
        raise StoreMisconfigured(message) from error


@cache
def _session() -> aioboto3.Session:
    """Return the single session of the process: each one parses S3's description, in 70 ms."""
    return aioboto3.Session()


def _client_config(policy: RetryPolicy) -> AioConfig:
    """Configure botocore to send each request once, without checksums that R2 does not support."""
    return AioConfig(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=policy.connect_timeout,
        read_timeout=policy.read_timeout,
        max_pool_connections=MAX_CONNECTIONS,
        retries={"total_max_attempts": 1},
    )
