"""All tables there are, as migrations compare them with a database."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel

from gql_server.database import batch_tables, budget_tables, tables, webhook_tables

TABLES = (tables, batch_tables, budget_tables, webhook_tables)
"""Where they are defined; each module adds its own when it is imported."""

metadata: MetaData = SQLModel.metadata
