"""The rights of a role in PostgreSQL, and those it lacks."""

from collections.abc import Sequence
from typing import Final

import psycopg
from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

_MIGRATES: Final = text("""
SELECT
  current_user AS role,
  current_database() AS database,
  current_schema() AS own,
  has_database_privilege(current_database(), 'CREATE') AS makes_schemas,
  coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS makes_tables,
  EXISTS (SELECT FROM pg_namespace WHERE nspname = :jobs) AS has_jobs,
  coalesce((
    SELECT has_schema_privilege(oid, 'CREATE') AND has_schema_privilege(oid, 'USAGE')
    FROM pg_namespace WHERE nspname = :jobs
  ), false) AS makes_jobs,
  ARRAY(
    SELECT format('%I.%I', nspname, relname)
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname IN (current_schema(), :jobs) AND relkind IN ('r', 'p')
      AND NOT pg_has_role(relowner, 'USAGE')
    ORDER BY 1 LIMIT 3
  ) AS not_owned
""").bindparams(bindparam("jobs"))


def is_denied(error: BaseException) -> bool:
    """Return whether an error, or its cause, is PostgreSQL's refusal for lack of a right."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, psycopg.errors.InsufficientPrivilege):
            return True
        found = found.__cause__
    return False


async def rights_to_migrate(connection: AsyncConnection, *, jobs: str) -> Sequence[str]:
    """Return what a superuser must execute so that this role can migrate the database.

    Args:
        connection: The role's connection.
        jobs: The schema of the job tables.
    """
    found = (await connection.execute(_MIGRATES, {"jobs": jobs})).one()
    lacks: list[str] = []
    if found.own is None:
        lacks.append(f'GRANT USAGE, CREATE ON SCHEMA public TO "{found.role}"')
    elif not found.makes_tables:
        lacks.append(f'GRANT USAGE, CREATE ON SCHEMA "{found.own}" TO "{found.role}"')
    if found.has_jobs and not found.makes_jobs:
        lacks.append(f'GRANT USAGE, CREATE ON SCHEMA "{jobs}" TO "{found.role}"')
    if not found.has_jobs and not found.makes_schemas:
        lacks.append(f'CREATE SCHEMA "{jobs}" AUTHORIZATION "{found.role}"')
    lacks.extend(f'ALTER TABLE {table} OWNER TO "{found.role}"' for table in found.not_owned)
    return lacks
