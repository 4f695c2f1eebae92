"""All tables there are, as migrations compare them with a database."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel

from gql_server.database.tables import batches as batch_tables
from gql_server.database.tables import budgets as budget_tables
from gql_server.database.tables import tables
from gql_server.database.tables import webhooks as webhook_tables

TABLES = (tables, batch_tables, budget_tables, webhook_tables)
"""Where they are defined; each module adds its own when it is imported."""

metadata: MetaData = SQLModel.metadata
