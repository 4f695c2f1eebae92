"""PgBouncer with the file of docs/operating, in front of the PostgreSQL of the tests."""

import os
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from tests.support.child import child_process
from tests.support.postgres import PostgresServer
from tests.support.process import free_port
from tests.support.reverse_proxies import FOLDER, listens, replaced

ROLE: Final = "gql_server"
_PASSWORD: Final = "an-old-oak"


def pgbouncer_program() -> str | None:
    """Return the path of PgBouncer: ``PGBOUNCER``, or an installed one."""
    path = f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"
    return os.environ.get("PGBOUNCER") or shutil.which("pgbouncer", path=path)


@asynccontextmanager
async def running_pgbouncer(
    program: str, folder: Path, postgres: PostgresServer, database: str
) -> AsyncIterator[str]:
    """Run PgBouncer in front of a database; yield the value of DATABASE_URL.

    Only addresses and names are replaced in the committed file.
    """
    port, address = free_port(), make_url(postgres.setting(database))
    host, server_port = str(address.query["host"]), address.port or 5432
    users = folder / "userlist.txt"
    users.write_text(f'"{ROLE}" "{_PASSWORD}"\n')
    text = replaced(
        (FOLDER / "pgbouncer.ini").read_text("utf-8"),
        ("host=db.example.com port=5432", f"host={host} port={server_port}"),
        ("dbname=gql_server", f"dbname={database}"),
        ("listen_port = 6432", f"listen_port = {port}\nunix_socket_dir ="),
        ("/etc/pgbouncer/userlist.txt", str(users)),
    )
    file = folder / "pgbouncer.ini"
    file.write_text(text)
    # It does not run as root.
    options = ("-u", postgres.user) if os.geteuid() == 0 else ()
    postgres.execute(database, f"CREATE ROLE {ROLE} LOGIN SUPERUSER PASSWORD '{_PASSWORD}'")
    try:
        with postgres.with_passwords(ROLE):
            async with child_process(
                program, *options, str(file), cwd=folder, stdout=DEVNULL, stderr=PIPE
            ) as process:
                await listens(process, port)
                yield f"postgresql://{ROLE}:{_PASSWORD}@127.0.0.1:{port}/gql_server"
    finally:
        postgres.execute(database, f"DROP ROLE {ROLE}")
