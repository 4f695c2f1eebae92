from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries.charges import charge_chunks
from gql_server.database.records.ledger import ChargeRecord
from gql_server.ledger.adjustments import Adjustment, adjust
from gql_server.ledger.reports.export import (
    ExportFormat,
    LedgerRange,
    export_ledger,
    parquet_export,
)
from tests.database.rows import START, add_image

pytestmark = pytest.mark.anyio


async def parquet(database: Database, time: LedgerRange | None = None) -> pq.ParquetFile:
    target = BytesIO()
    await parquet_export()(database, time or LedgerRange(), target)
    return pq.ParquetFile(BytesIO(target.getvalue()))


def rows(file: pq.ParquetFile) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = file.read().to_pylist()
    return found


async def test_parquet_has_what_csv_has_with_types(database: Database) -> None:
    most = 2**63 - 1
    await add_image(database, cost=1, provider_cost=most, neurons=57_601, created_at=START)
    await adjust(database, Adjustment(user_id="bob", amount=-(10**9) - 1, reason='a "fee", ü'))
    file = await parquet(database)
    lines = [line async for line in export_ledger(database, LedgerRange(), ExportFormat.CSV)]
    assert file.schema_arrow.names == lines[0].split(",")
    types = {field.name: field.type for field in file.schema_arrow}
    assert types["cost"] == types["provider_cost"] == pa.decimal128(19, 9)
    assert types["neurons"] == pa.decimal128(19, 3)
    assert types["created_at"] == pa.timestamp("ms", tz="UTC")
    image, adjustment = rows(file)
    assert image["cost"] == Decimal("0.000000001")
    assert image["provider_cost"] == Decimal(most).scaleb(-9)
    assert image["neurons"] == Decimal("57.601")
    assert image["created_at"] == START
    assert image["is_preview"] is False
    assert adjustment["cost"] == Decimal("-1.000000001")
    assert (adjustment["reason"], adjustment["image_id"]) == ('a "fee", ü', None)


async def test_parquet_is_written_in_groups_of_rows(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gql_server.database.queries.charges._CHUNK", 2)
    monkeypatch.setattr("gql_server.ledger.reports.parquet._ROWS_A_GROUP", 4)
    for number in range(9):
        await add_image(database, cost=number, created_at=START + timedelta(minutes=number))
    file = await parquet(database)
    groups = [file.metadata.row_group(index).num_rows for index in range(file.num_row_groups)]
    assert groups == [4, 4, 1]
    assert [row["cost"] for row in rows(file)] == [Decimal(n).scaleb(-9) for n in range(9)]
    time = LedgerRange(since=START + timedelta(minutes=3), until=START + timedelta(minutes=5))
    assert len(rows(await parquet(database, time))) == 2
    nothing = await parquet(database, LedgerRange(since=datetime(2100, 1, 1, tzinfo=UTC)))
    assert (nothing.metadata.num_rows, nothing.schema_arrow) == (0, file.schema_arrow)


async def test_a_parquet_file_that_breaks_off_does_not_look_whole(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks_off(*_: object, **__: object) -> AsyncIterator[Sequence[ChargeRecord]]:
        async for chunk in charge_chunks(database, since=None, until=None):
            yield chunk
        raise DatabaseUnavailable("gone")

    monkeypatch.setattr("gql_server.ledger.reports.parquet._ROWS_A_GROUP", 1)
    monkeypatch.setattr("gql_server.ledger.reports.parquet.charge_chunks", breaks_off)
    await add_image(database)
    target = BytesIO()
    with pytest.raises(DatabaseUnavailable):
        await parquet_export()(database, LedgerRange(), target)
    assert target.getvalue().startswith(b"PAR1")
    with pytest.raises(pa.ArrowInvalid):
        pq.ParquetFile(BytesIO(target.getvalue()))
