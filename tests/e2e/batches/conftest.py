import pytest

from tests.support.postgres import PostgresServer
from tests.support.worker_cluster import cluster_settings
from tests.support.workers_ai_app import FakeWorkersAI


@pytest.fixture
def settings(
    fake_workers_ai: FakeWorkersAI, postgres: PostgresServer, migrated_postgres: str
) -> dict[str, str]:
    """Settings of processes that share a PostgreSQL database and the stand-in."""
    return cluster_settings(
        fake_workers_ai, postgres.setting(postgres.create_database(migrated_postgres))
    )
