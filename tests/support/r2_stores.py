"""R2 stores over a test's S3 server, that do not wait between attempts."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol

from gql_server.storage.r2 import R2Store
from gql_server.storage.r2_client import RetryPolicy
from tests.support.s3 import ACCESS_KEY_ID, SECRET_ACCESS_KEY, S3Server


class OpenR2(Protocol):
    """Opens a store, of the test's server and bucket where not said otherwise."""

    def __call__(
        self,
        *,
        endpoint_url: str | None = None,
        bucket: str | None = None,
        public_url: str | None = None,
        attempts: int = 4,
        read_timeout: float = 10,
        total: float = 30,
    ) -> Awaitable[R2Store]: ...


@asynccontextmanager
async def r2_stores(server: S3Server, own_bucket: str) -> AsyncIterator[OpenR2]:
    """Open stores until the block ends, then close them all."""
    async with AsyncExitStack() as stores:

        async def open_r2(
            *,
            endpoint_url: str | None = None,
            bucket: str | None = None,
            public_url: str | None = None,
            attempts: int = 4,
            read_timeout: float = 10,
            total: float = 30,
        ) -> R2Store:
            store = await R2Store.open(
                bucket=bucket or own_bucket,
                access_key_id=ACCESS_KEY_ID,
                secret_access_key=SECRET_ACCESS_KEY,
                endpoint_url=endpoint_url or server.endpoint_url,
                public_url=public_url,
                policy=RetryPolicy(
                    attempts=attempts,
                    total=total,
                    first_wait=0,
                    max_wait=0,
                    jitter=0,
                    read_timeout=read_timeout,
                ),
            )
            stores.push_async_callback(store.close)
            return store

        yield open_r2
