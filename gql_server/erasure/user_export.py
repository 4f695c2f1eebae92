"""Everything of one user as a ZIP file, written as it is read."""

import hashlib
import tempfile
import zipfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

import orjson
from sqlmodel import SQLModel

from gql_server import __version__
from gql_server.database.engine.engine import Database
from gql_server.database.queries.user_data import budgets_of_user, items_of_batch, rows_of_user
from gql_server.database.tables.access import ApiKeyRow
from gql_server.database.tables.batches import BatchRow
from gql_server.database.tables.images import ImageRow, SourceImageRow
from gql_server.database.tables.ledger import ChargeRow
from gql_server.database.tables.templates import TemplateRow
from gql_server.database.tables.webhooks import WebhookRow
from gql_server.domain.clock import now, to_iso
from gql_server.domain.money import decimal_dollars, decimal_neurons
from gql_server.storage.store import Store

Report = Callable[[int], None]
"""Called with the number of images that were written since the last call."""

_DOLLARS: Final = frozenset({"cost", "provider_cost", "estimated_cost", "price", "amount"})
_INTERNAL: Final = frozenset(
    {
        "search_text",
        "storage_key",
        "withheld_key",
        "withheld_at",
        "file_due_at",
        "secret_hash",
        "process_id",
        "accepted",
        "slice",
        "slices",
        "round",
        "traceparent",
    }
)
"""Columns that say how the server works, or that are secret."""

_RENAMED: Final = {"attributes": "metadata"}
_WITH_FILES: Final[Mapping[str, type[SQLModel]]] = {"images": ImageRow, "uploads": SourceImageRow}
_OTHERS: Final[Mapping[str, type[SQLModel]]] = {
    "templates": TemplateRow,
    "batches": BatchRow,
    "costs": ChargeRow,
    "keys": ApiKeyRow,
    "webhooks": WebhookRow,
}


@dataclass(slots=True)
class UserExport:
    """What was written.

    Attributes:
        counts: The number of entries of each list, by its name.
        missing: Images and uploads whose file is not in the store.
    """

    counts: dict[str, int] = field(default_factory=dict)
    missing: int = 0


async def export_user(
    database: Database, store: Store, user_id: str, target: Path, *, report: Report
) -> UserExport:
    """Write everything of a user into a ZIP file, which exists only once it is complete.

    ``manifest.json`` has the numbers of entries; ``images.jsonl`` and other lists have one JSON
    object for each line; ``images/`` and ``uploads/`` have the files. One file and one page of rows
    are in memory at a time.

    Args:
        database: The database.
        store: Its store.
        user_id: The user.
        target: The ZIP file; one that exists is replaced.
        report: Called as images are written.

    Raises:
        OSError: The file cannot be written.
        StoreUnavailable, StoreMisconfigured: The store cannot be read.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        with zipfile.ZipFile(part, "w", allowZip64=True) as archive:
            done = await _Export(database, store, user_id, archive, report).run()
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return done


class _Export:
    def __init__(
        self,
        database: Database,
        store: Store,
        user_id: str,
        archive: zipfile.ZipFile,
        report: Report,
    ) -> None:
        self._database = database
        self._store = store
        self._user_id = user_id
        self._archive = archive
        self._report = report
        self._done = UserExport()

    async def run(self) -> UserExport:
        for name, table in _WITH_FILES.items():
            await self._write_files(name, table)
        for name, table in _OTHERS.items():
            await self._write_list(name, rows_of_user(self._database, table, self._user_id))
        await self._write_list("batch_items", self._items())
        await self._write_list("budgets", self._budgets())
        manifest = {
            "format": "gql_server export of a user",
            "format_version": 1,
            "server_version": __version__,
            "user_id": self._user_id,
            "created_at": to_iso(now()),
            "counts": self._done.counts,
            "files_missing": self._done.missing,
        }
        self._archive.writestr("manifest.json", orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
        return self._done

    async def _write_files(self, name: str, table: type[SQLModel]) -> None:
        # An archive takes one entry at a time, so that the list waits in a file.
        with tempfile.TemporaryFile() as lines:
            self._done.counts[name] = 0
            async for rows in rows_of_user(self._database, table, self._user_id):
                for row in rows:
                    if row.get("purged_at") is None:
                        lines.write(_line({**row, **await self._file(name, row)}))
                        self._done.counts[name] += 1
                if table is ImageRow:
                    self._report(len(rows))
            lines.seek(0)
            self._copy(lines, f"{name}.jsonl")

    async def _file(self, folder: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """Write the file of a row; return what the list says about it."""
        key = row["storage_key"]
        stored = await self._store.get(key)
        if stored is None and row.get("withheld_key") is not None:
            stored = await self._store.get(row["withheld_key"])
        if stored is None:
            self._done.missing += row["deleted_at"] is None or folder == "images"
            return {"file": None, "sha256": None}
        name = f"{folder}/{key.rpartition('/')[2]}"
        self._archive.writestr(name, stored.data)
        return {"file": name, "sha256": hashlib.sha256(stored.data).hexdigest()}

    async def _write_list(
        self, name: str, pages: AsyncIterator[Sequence[Mapping[str, Any]]]
    ) -> None:
        number = 0
        entry = zipfile.ZipInfo(f"{name}.jsonl", date_time=_zip_time())
        entry.compress_type = zipfile.ZIP_DEFLATED
        with self._archive.open(entry, "w", force_zip64=True) as lines:
            async for rows in pages:
                for row in rows:
                    lines.write(_line(row))
                number += len(rows)
        self._done.counts[name] = number

    async def _items(self) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        async for batches in rows_of_user(self._database, BatchRow, self._user_id):
            for batch in batches:
                async for items in items_of_batch(self._database, batch["id"]):
                    yield items

    async def _budgets(self) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        key_ids: list[str] = []
        async for keys in rows_of_user(self._database, ApiKeyRow, self._user_id):
            key_ids.extend(key["id"] for key in keys)
        async with self._database.read() as connection:
            yield await budgets_of_user(connection, self._user_id, key_ids)

    def _copy(self, source: IO[bytes], name: str) -> None:
        entry = zipfile.ZipInfo(name, date_time=_zip_time())
        entry.compress_type = zipfile.ZIP_DEFLATED
        with self._archive.open(entry, "w", force_zip64=True) as target:
            while block := source.read(1 << 20):
                target.write(block)


def _line(row: Mapping[str, Any]) -> bytes:
    shown = {
        _RENAMED.get(name, name): _shown(name, value)
        for name, value in row.items()
        if name not in _INTERNAL
    }
    return orjson.dumps(shown, option=orjson.OPT_APPEND_NEWLINE)


def _shown(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _DOLLARS:
        return decimal_dollars(value)
    if name == "neurons":
        return decimal_neurons(value)
    return to_iso(value) if isinstance(value, datetime) else value


def _zip_time() -> tuple[int, int, int, int, int, int]:
    moment = now()
    return (
        moment.year,
        moment.month,
        moment.day,
        moment.hour,
        moment.minute,
        moment.second,
    )
