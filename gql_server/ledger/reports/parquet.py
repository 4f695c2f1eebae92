"""The entries of the ledger as a Parquet file.

Imported only for writing one: pyarrow is an optional dependency, and takes long to import.
"""

from collections.abc import Sequence
from decimal import Decimal
from io import RawIOBase
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from gql_server.database.engine.engine import Database
from gql_server.database.queries.charges import charge_chunks
from gql_server.database.records.ledger import ChargeRecord
from gql_server.ledger.reports.export import FIELDS, LedgerRange

_ROWS_A_GROUP: Final = 100_000
"""Maximum number of rows in memory, give or take a chunk."""

_DOLLARS: Final = pa.decimal128(19, 9)
"""Holds every 64-bit number of billionths."""

_NEURONS: Final = pa.decimal128(19, 3)

_TYPES: Final = {
    "created_at": pa.timestamp("ms", tz="UTC"),
    "cost": _DOLLARS,
    "provider_cost": _DOLLARS,
    "neurons": _NEURONS,
    "is_preview": pa.bool_(),
}
"""Columns that are not text."""

_SCHEMA: Final = pa.schema([(name, _TYPES.get(name, pa.string())) for name in FIELDS])


async def write_ledger(database: Database, time: LedgerRange, target: BinaryIO) -> None:
    """Write the ledger, oldest entry first, in groups of rows; ``target`` is only appended to.

    Amounts are exact decimals of dollars and neurons, times are in UTC.
    """
    sink = _Sink(target)
    with pq.ParquetWriter(sink, _SCHEMA, compression="zstd") as writer:
        try:
            batches: list[Any] = []
            async for chunk in charge_chunks(database, since=time.since, until=time.until):
                batches.append(_batch(chunk))
                if sum(batch.num_rows for batch in batches) >= _ROWS_A_GROUP:
                    _write_group(writer, batches)
                    batches = []
            if batches:
                _write_group(writer, batches)
        except BaseException:
            sink.is_cut_off = True
            raise


class _Sink(RawIOBase):
    """Passes bytes on until it is cut off: the writer would complete even half a file."""

    def __init__(self, target: BinaryIO) -> None:
        super().__init__()
        self._target = target
        self.is_cut_off = False

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        if not self.is_cut_off:
            self._target.write(data)
        return len(data)


def _write_group(writer: Any, batches: Sequence[Any]) -> None:
    table = pa.Table.from_batches(batches)
    writer.write_table(table, row_group_size=table.num_rows)


def _batch(chunk: Sequence[ChargeRecord]) -> Any:
    amounts = {
        "cost": [_decimal(charge.amount, 9) for charge in chunk],
        "provider_cost": [_decimal(charge.provider_cost, 9) for charge in chunk],
        "neurons": [_decimal(charge.neurons, 3) for charge in chunk],
    }
    columns = dict(zip(ChargeRecord._fields, zip(*chunk, strict=True), strict=True)) | amounts
    return pa.record_batch(
        [pa.array(columns[name], field.type) for name, field in zip(FIELDS, _SCHEMA, strict=True)],
        schema=_SCHEMA,
    )


def _decimal(amount: int, places: int) -> Decimal:
    return Decimal(amount).scaleb(-places)
