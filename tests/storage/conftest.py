from collections.abc import AsyncIterator

import pytest

from tests.support.faulty_proxy import FaultyProxy, running_proxy
from tests.support.r2_stores import OpenR2, r2_stores
from tests.support.s3 import S3Server


@pytest.fixture
def bucket(s3: S3Server) -> str:
    return s3.make_bucket()


@pytest.fixture
async def open_r2(s3: S3Server, bucket: str) -> AsyncIterator[OpenR2]:
    async with r2_stores(s3, bucket) as open_store:
        yield open_store


@pytest.fixture
async def proxy(s3: S3Server) -> AsyncIterator[FaultyProxy]:
    async with running_proxy(s3.endpoint_url) as running:
        yield running
