"""Statements about files that must be moved or erased, because their rows have changed.

A row says by ``file_due_at`` that its file is not where it belongs. One process at a time works on
a file: it moves that time ahead, so that another one takes over only if it dies.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import bindparam, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import SQLModel, col

from gql_server.database.engine.columns import table_of
from gql_server.database.engine.notifications import notify
from gql_server.database.engine.present import present
from gql_server.database.engine.records import read_records, select_records
from gql_server.database.records.image_files import ImageFile, Place, UploadFile
from gql_server.database.tables.images import ImageRow, SourceImageRow

FILES_GONE: Final = "files_gone"
"""The topic of files that are no longer available under their keys."""

_LEASE: Final = timedelta(seconds=60)
"""How long a process has for the files that it has claimed at once."""

_NOTICED: Final = timedelta(days=2)
"""How long another version of the server may run beside this one."""

FileT = TypeVar("FileT", ImageFile, UploadFile)


def due_now(dialect: str) -> Any:
    """Return the value of ``file_due_at`` for a row whose file must be moved or erased.

    A process that works on the file is left its time: when it ends, it sees the change.
    """
    moment = present(dialect)
    claimed_until = col(ImageRow.file_due_at)
    return case((claimed_until > moment, claimed_until), else_=moment)


async def claim_image_files(
    connection: AsyncConnection,
    *,
    hide: Callable[[str], str],
    ids: Collection[str] | None = None,
    limit: int,
) -> list[ImageFile]:
    """Claim files of images that are due.

    Args:
        connection: A transaction that writes.
        hide: Returns a hidden key for the key of a file; it is recorded before the file is moved.
        ids: The images; None: any.
        limit: How many are claimed at most.
    """
    files = await _claim(connection, ImageRow, ImageFile, ids=ids, limit=limit)
    new = {
        one.id: one._replace(withheld_key=hide(one.storage_key))
        for one in files
        if one.place is Place.HIDDEN and one.withheld_key is None
    }
    if new:
        rows = [{"row_id": one.id, "hidden": one.withheld_key} for one in new.values()]
        await connection.execute(_SET_HIDDEN, rows)
    return [new.get(one.id, one) for one in files]


async def claim_upload_files(
    connection: AsyncConnection, *, ids: Collection[str] | None = None, limit: int
) -> list[UploadFile]:
    """Claim files of deleted uploads that are due, of these uploads or of any."""
    return await _claim(connection, SourceImageRow, UploadFile, ids=ids, limit=limit)


async def settle_image_files(connection: AsyncConnection, files: Sequence[ImageFile]) -> None:
    """Record where files are now. One whose row has changed meanwhile is due again at once."""
    moment = present(connection.dialect.name)
    deleted_at, purged_at = col(ImageRow.deleted_at), col(ImageRow.purged_at)
    is_kept = purged_at.is_(None)
    outcomes: Mapping[Place, tuple[ColumnElement[bool], dict[str, Any]]] = {
        Place.KEY: (is_kept & deleted_at.is_(None), {"withheld_at": None}),
        Place.HIDDEN: (is_kept & deleted_at.is_not(None), {"withheld_at": moment}),
        Place.NOWHERE: (~is_kept, {"withheld_at": None, "withheld_key": None}),
    }
    for place, (belongs_there, values) in outcomes.items():
        ids = [one.id for one in files if one.place is place]
        if ids:
            mine = update(ImageRow).where(col(ImageRow.id).in_(ids))
            await connection.execute(mine.values(file_due_at=moment))
            await connection.execute(mine.where(belongs_there).values(file_due_at=None, **values))
    await notify(connection, FILES_GONE)


async def settle_upload_files(connection: AsyncConnection, ids: Collection[str]) -> None:
    """Record that the files of uploads are erased."""
    statement = update(SourceImageRow).where(col(SourceImageRow.id).in_(ids))
    await connection.execute(statement.values(file_due_at=None))
    await notify(connection, FILES_GONE)


async def notice_changes_of_others(connection: AsyncConnection) -> None:
    """Make files due whose images an older version of the server deleted or restored."""
    dialect = connection.dialect.name
    deleted_at, withheld_at = col(ImageRow.deleted_at), col(ImageRow.withheld_at)
    not_due = (col(ImageRow.file_due_at).is_(None), col(ImageRow.purged_at).is_(None))
    deleted = (deleted_at > present(dialect, ago=_NOTICED), withheld_at.is_(None))
    restored = (withheld_at.is_not(None), deleted_at.is_(None))
    for changed in (deleted, restored):
        statement = update(ImageRow).where(*changed, *not_due)
        await connection.execute(statement.values(file_due_at=present(dialect)))


async def _claim(
    connection: AsyncConnection,
    table: type[SQLModel],
    record: type[FileT],
    *,
    ids: Collection[str] | None,
    limit: int,
) -> list[FileT]:
    dialect = connection.dialect.name
    columns = table_of(table).c
    row_id, due_at = columns.id, columns.file_due_at
    # A time far ahead was written by a clock that was wrong.
    is_due = [or_(due_at <= present(dialect), due_at > present(dialect, ago=-2 * _LEASE))]
    if ids is not None:
        is_due.append(row_id.in_(ids))
    due = select(row_id).where(*is_due).order_by(due_at).limit(limit)
    claim = (
        update(table)
        .where(row_id.in_(due), *is_due)
        .values(file_due_at=present(dialect, ago=-_LEASE))
        .returning(row_id)
    )
    claimed = (await connection.execute(claim)).scalars().all()
    if not claimed:
        return []
    statement = select_records(table, record).where(row_id.in_(claimed))
    return read_records(await connection.execute(statement), record)


_SET_HIDDEN: Final = (
    update(ImageRow)
    .where(col(ImageRow.id) == bindparam("row_id"))
    .values(withheld_key=bindparam("hidden"))
)
