"""A ledger of any size over one year, written straight into the tables by the database itself.

Any size has the same spread: the images evenly over the year, its users, models and templates, and
a hundred of them with a rare model, a rare template and a rare tag.
"""

import sqlite3
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

import psycopg

from gql_server.inference.catalogue import load_catalogue

YEAR: Final = datetime(2025, 1, 1, tzinfo=UTC)
USERS: Final = 1_000
TEMPLATES: Final = 50
MODELS: Final = tuple(model.id for model in load_catalogue().models)
RARE_IMAGES: Final = 100
RARE_TAG: Final = "rare"
FREQUENT_TAG: Final = "frequent"
"""A tenth of the images bear it."""

_YEAR_SECONDS: Final = round(timedelta(days=365).total_seconds())
_GROUPINGS: Final = (0, 1, 2, 4)
"""Those that a report without a filter reads; those of filters would take four times the disk."""

_TABLES: Final = ("images", "image_tags", "charges", "cost_rollups")


class Connection(Protocol):
    """As much of a connection as both drivers have."""

    def execute(self, statement: str, /) -> object:
        """Run a statement."""


class Dialect:
    """What SQLite and PostgreSQL write differently."""

    def __init__(self, *, is_sqlite: bool) -> None:
        self.is_sqlite = is_sqlite

    def series(self, count: int) -> str:
        """Return a table ``series`` of ``n`` from 0 on."""
        if self.is_sqlite:
            steps = f"SELECT 0 AS n UNION ALL SELECT n + 1 FROM steps WHERE n + 1 < {count}"
            return f"(WITH RECURSIVE steps AS ({steps}) SELECT n FROM steps) AS series"
        return f"generate_series(0, CAST({count} - 1 AS bigint)) AS series (n)"

    def text_id(self, prefix: str, number: str) -> str:
        """Return an id made of a number."""
        if self.is_sqlite:
            return f"printf('{prefix}_%026d', {number})"
        return f"'{prefix}_' || lpad(CAST({number} AS text), 26, '0')"

    def moment(self, seconds: str) -> str:
        """Return a moment as the tables have it, of seconds since 1970."""
        if self.is_sqlite:
            return f"strftime('%Y-%m-%d %H:%M:%S.000000', {seconds}, 'unixepoch')"
        return f"to_timestamp({seconds})"

    def start_of(self, span: str, column: str) -> str:
        """Return the start of the quarter of an hour, day or month that a moment lies in."""
        if not self.is_sqlite:
            return {
                "quarter": f"date_bin('15 minutes', {column}, timestamptz '2000-01-01Z')",
                "day": f"date_trunc('day', {column}, 'UTC')",
                "month": f"date_trunc('month', {column}, 'UTC')",
            }[span]
        quarter = f"printf('%02d', substr({column}, 15, 2) / 15 * 15)"
        return {
            "quarter": f"substr({column}, 1, 14) || {quarter} || ':00.000000'",
            "day": f"substr({column}, 1, 10) || ' 00:00:00.000000'",
            "month": f"substr({column}, 1, 7) || '-01 00:00:00.000000'",
        }[span]


def middle(images: int) -> str:
    """Return the cursor of the image in the middle of the list."""
    number = images // 2
    micros = round((YEAR.timestamp() + number * _YEAR_SECONDS // images) * 1_000_000)
    return urlsafe_b64encode(f"{micros}:img_{number:026d}".encode()).decode()


def template_id(number: int) -> str:
    """Return the id of a template; that of 0 is rare."""
    return f"tpl_{number:026d}"


def fill_sqlite(file: Path, images: int) -> None:
    """Fill a migrated database; a crash in the middle would leave it broken."""
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in (
        "journal_mode = OFF",
        "synchronous = OFF",
        "cache_size = -1000000",
        "foreign_keys = OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")
    try:
        connection.execute("BEGIN")
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        with _rebuilt(connection, dict(indexes)):
            _fill(connection, Dialect(is_sqlite=True), images)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def fill_postgres(address: str, images: int) -> None:
    """Fill a migrated database; a crash in the middle would leave it broken."""
    with psycopg.connect(address, autocommit=True) as connection:
        for setting in (
            "session_replication_role = replica",
            "synchronous_commit = off",
            "maintenance_work_mem = '1GB'",
            "work_mem = '512MB'",
            "max_parallel_workers_per_gather = 0",
            "max_parallel_maintenance_workers = 0",
        ):
            connection.execute(f"SET {setting}".encode())
        connection.execute("ALTER TABLE cost_rollups SET UNLOGGED")
        indexes = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " AND indexname LIKE 'ix_%%' AND tablename = ANY(%s)",
            [list(_TABLES)],
        ).fetchall()
        plain = _Encoded(connection)
        with _rebuilt(plain, dict(indexes)):
            _fill(plain, Dialect(is_sqlite=False), images)
        connection.execute("VACUUM ANALYZE")


class _Encoded:
    """Psycopg takes statements that are put together as bytes."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, /) -> object:
        return self._connection.execute(statement.encode())


@contextmanager
def _rebuilt(connection: Connection, indexes: dict[str, str]) -> Iterator[None]:
    """Drop indexes, and make them again of everything that was written."""
    for name in indexes:
        connection.execute(f"DROP INDEX {name}")
    yield
    for statement in indexes.values():
        connection.execute(statement)


def _fill(connection: Connection, dialect: Dialect, images: int) -> None:
    for statement in (
        _templates(dialect),
        _images(dialect, images),
        _tags(dialect, images),
        _charges(dialect),
        *_rollups(dialect),
    ):
        connection.execute(statement)


def _templates(dialect: Dialect) -> str:
    moment = dialect.moment(str(round(YEAR.timestamp())))
    return (
        "INSERT INTO templates (id, user_id, name, model_id, default_prompt, parameters,"
        f" created_at, updated_at) SELECT {dialect.text_id('tpl', 'n')}, 'default_user', 'A style',"
        f" '{MODELS[0]}', 'oil on canvas', '{{}}', {moment}, {moment}"
        f" FROM {dialect.series(TEMPLATES)}"
    )


def _images(dialect: Dialect, images: int) -> str:
    is_rare, is_frequent = _is_rare(images), _is_frequent()
    models = " ".join(f"WHEN {number} THEN '{model}'" for number, model in enumerate(MODELS))
    user = _mixed(2_654_435_761, USERS)
    model = f"CASE WHEN {is_rare} THEN 0 ELSE 1 + {_mixed(2_246_822_519, len(MODELS) - 1)} END"
    template = f"CASE WHEN {is_rare} THEN 0 ELSE 1 + {_mixed(3_266_489_917, TEMPLATES - 1)} END"
    tags = (
        f"CASE WHEN {is_rare} THEN '[\"{RARE_TAG}\"]'"
        f" WHEN {is_frequent} THEN '[\"{FREQUENT_TAG}\"]' ELSE '[]' END"
    )
    if not dialect.is_sqlite:
        tags = f"CAST({tags} AS jsonb)"
    made = dialect.text_id("img", "n")
    moment = dialect.moment(f"{round(YEAR.timestamp())} + n * {_YEAR_SECONDS} / {images}")
    return (
        "INSERT INTO images (id, user_id, prompt, rendered_prompt, search_text, model_id,"
        " template_id, parameters, storage_key, width, height, content_type, size_bytes,"
        " placeholder, tags, cost, provider_cost, neurons, seconds, is_preview, created_at)"
        f" SELECT {made}, {dialect.text_id('user', user)}, 'a kettle', 'a kettle', 'a kettle',"
        f" CASE {model} {models} END, {dialect.text_id('tpl', template)}, '{{}}',"
        f" 'generated/' || {made} || '.jpg', 1024, 1024, 'image/jpeg', 120000, 'AAAA', {tags},"
        f" 10000000 + n % 7, 633600, 57600, 1.5, true, {moment}"
        f" FROM {dialect.series(images)}"
    )


def _tags(dialect: Dialect, images: int) -> str:
    each = (
        f"SELECT {dialect.text_id('img', 'n')} AS image_id, '{tag}' AS tag"
        f" FROM {dialect.series(images)} WHERE {which}"
        for tag, which in ((RARE_TAG, _is_rare(images)), (FREQUENT_TAG, _is_frequent()))
    )
    return (
        "INSERT INTO image_tags (image_id, tag, user_id, created_at)"
        " SELECT image_id, tag, user_id, created_at"
        f" FROM ({' UNION ALL '.join(each)}) AS tagged JOIN images ON images.id = image_id"
    )


def _charges(dialect: Dialect) -> str:
    return (
        "INSERT INTO charges (id, kind, image_id, user_id, model_id, template_id, amount,"
        " provider_cost, neurons, is_preview, created_at)"
        " SELECT 'chg' || substr(id, 4), 'charge', id, user_id, model_id, template_id, cost,"
        " provider_cost, neurons, is_preview, created_at FROM images"
        f"{' ORDER BY rowid' if dialect.is_sqlite else ''}"
    )


def _rollups(dialect: Dialect) -> Iterator[str]:
    """Sum the ledger up by quarter of an hour, and each longer span from the shorter one."""
    columns = ("user_id", "model_id", "template_id")
    for grouping in _GROUPINGS:
        selected = [
            name if grouping >> place & 1 else f"'' AS {name}" for place, name in enumerate(columns)
        ]
        for span, source, sums in (
            ("quarter", "charges", "count(*), sum(amount), sum(provider_cost), sum(neurons)"),
            ("day", "quarter", "sum(images), sum(amount), sum(provider_cost), sum(neurons)"),
            ("month", "day", "sum(images), sum(amount), sum(provider_cost), sum(neurons)"),
        ):
            if source == "charges":
                start, table = dialect.start_of(span, "created_at"), "charges"
            else:
                start = dialect.start_of(span, "starts_at")
                table = f"cost_rollups WHERE grouping = {grouping} AND span = '{source}'"
            by = [str(4 + place) for place in range(4) if place == 0 or grouping >> place - 1 & 1]
            yield (
                "INSERT INTO cost_rollups (grouping, span, is_preview, starts_at, user_id,"
                " model_id, template_id, key_id, images, amount, provider_cost, neurons)"
                f" SELECT {grouping}, '{span}', true, {start}, {', '.join(selected)}, '', {sums}"
                f" FROM {table} GROUP BY {', '.join(by)} ORDER BY {', '.join(by)}"
            )


def _mixed(factor: int, kinds: int) -> str:
    """Return an expression that spreads ``n`` evenly over so many kinds, each by its factor."""
    return f"(n * {factor} % 4294967296 / 65536 % {kinds})"


def _is_rare(images: int) -> str:
    return f"n % {images // RARE_IMAGES} = 7"


def _is_frequent() -> str:
    return "n % 10 = 0"
