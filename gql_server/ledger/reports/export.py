"""The entries of the ledger as a file, for spreadsheets and programs."""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, BinaryIO, Final, Literal

import orjson

from gql_server.database.engine.engine import Database
from gql_server.database.queries.charges import charge_chunks
from gql_server.database.records.ledger import ChargeRecord
from gql_server.domain.clock import to_iso
from gql_server.domain.money import decimal_dollars, decimal_neurons


class ExportFormat(StrEnum):
    """The format of the entries."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


class ParquetNotInstalled(Exception):
    """Parquet files need an optional dependency; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRange:
    """From a time on, and before another; None: unlimited."""

    since: datetime | None = None
    until: datetime | None = None


FIELDS: Final = (
    "id",
    "kind",
    "created_at",
    "user_id",
    "image_id",
    "model_id",
    "template_id",
    "cost",
    "provider_cost",
    "neurons",
    "is_preview",
    "reason",
)
"""The columns of an entry."""


async def export_ledger(
    database: Database,
    time: LedgerRange,
    file_format: Literal[ExportFormat.CSV, ExportFormat.JSON],
) -> AsyncIterator[str]:
    """Yield the ledger as lines, the oldest first; amounts are exact decimals of dollars."""
    if file_format is ExportFormat.CSV:
        yield ",".join(FIELDS)
    async for chunk in charge_chunks(database, since=time.since, until=time.until):
        for charge in chunk:
            line = _line(charge)
            yield _csv(line) if file_format is ExportFormat.CSV else orjson.dumps(line).decode()


def parquet_export() -> Callable[[Database, LedgerRange, BinaryIO], Awaitable[None]]:
    """Return the function that writes the ledger into a Parquet file.

    Raises:
        ParquetNotInstalled: The optional dependency is not installed.
    """
    try:
        from gql_server.ledger.reports.parquet import write_ledger  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise ParquetNotInstalled(
            "Parquet files need pyarrow: pip install 'gql_server[parquet]'"
        ) from error
    return write_ledger


def _line(charge: ChargeRecord) -> dict[str, Any]:
    values = charge._asdict() | {
        "created_at": to_iso(charge.created_at),
        "cost": decimal_dollars(charge.amount),
        "provider_cost": decimal_dollars(charge.provider_cost),
        "neurons": decimal_neurons(charge.neurons),
    }
    return {name: values[name] for name in FIELDS}


def _csv(line: dict[str, Any]) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="").writerow(
        "" if value is None else str(value).lower() if isinstance(value, bool) else value
        for value in line.values()
    )
    return target.getvalue()
