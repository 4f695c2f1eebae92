"""All tables, as migrations compare them with a database."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel

from gql_server.database.tables import (
    access,
    batches,
    budgets,
    erasures,
    idempotency_keys,
    images,
    ledger,
    processes,
    remote_images,
    templates,
    webhooks,
)

TABLES = (
    access,
    batches,
    budgets,
    erasures,
    idempotency_keys,
    images,
    ledger,
    processes,
    remote_images,
    templates,
    webhooks,
)
"""The modules that define them; each adds its tables when it is imported."""

metadata: MetaData = SQLModel.metadata
