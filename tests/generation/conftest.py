from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.servers.postgres import PostgresServer
from tests.servers.product import Product, running_product, workers_ai_settings
from tests.servers.s3 import ACCESS_KEY_ID, SECRET_ACCESS_KEY, S3Server
from tests.servers.workers_ai_app import WorkersAIStandin


@pytest.fixture
async def product(tmp_path: Path, standin: WorkersAIStandin) -> AsyncIterator[Product]:
    """SQLite, a folder, and Workers AI."""
    async with running_product(tmp_path, workers_ai_settings(standin)) as running:
        yield running


@pytest.fixture
async def production(
    tmp_path: Path,
    standin: WorkersAIStandin,
    s3: S3Server,
    postgres: PostgresServer,
    migrated_postgres: str,
) -> AsyncIterator[Product]:
    """PostgreSQL, R2, and Workers AI."""
    settings = workers_ai_settings(standin) | {
        "database_url": postgres.setting(postgres.create_database(migrated_postgres)),
        "r2_bucket": s3.make_bucket(),
        "r2_access_key_id": ACCESS_KEY_ID,
        "r2_secret_access_key": SECRET_ACCESS_KEY,
        "r2_endpoint_url": s3.endpoint_url,
    }
    async with running_product(tmp_path, settings) as running:
        yield running
