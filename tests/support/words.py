"""Where a word is kept: in which tables of a database, and in which files of a folder."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, MetaData, select

from gql_server.database.engine.engine import Database


async def tables_with(database: Database, word: str) -> set[str]:
    """Return the tables, of every schema, that have a word in some column of some row."""
    async with database.write() as connection:
        return await connection.run_sync(lambda plain: set(_tables_with(plain, word)))


def files_with(folder: Path, word: str) -> set[str]:
    """Return the files below a folder that have a word in their bytes or their name."""
    return {
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and (word in file.name or word.encode() in file.read_bytes())
    }


def _tables_with(connection: Connection, word: str) -> Iterator[str]:
    for schema in {None, "jobs"} if connection.dialect.name == "postgresql" else {None}:
        tables = MetaData()
        tables.reflect(connection, schema=schema)
        for table in tables.sorted_tables:
            if any(word in str(row) for row in connection.execute(select(table))):
                yield table.name
