"""Records have the columns of their tables, with the same types."""

from collections.abc import Mapping
from typing import Any, get_type_hints

import pytest
from sqlmodel import SQLModel

from gql_server.database.engine.columns import columns_of
from gql_server.database.records.api_keys import ApiKeyRecord, KeyCredentials
from gql_server.database.records.batches import BatchRecord, ItemRecord, ItemToDo
from gql_server.database.records.budgets import BudgetRecord
from gql_server.database.records.idempotency_keys import KeyRecord
from gql_server.database.records.images import ImageChanges, PartialImage
from gql_server.database.records.ledger import ChargeRecord, CostRollup, ModelRollup
from gql_server.database.records.source_images import SourceImageRecord
from gql_server.database.records.stored_files import StoredFile
from gql_server.database.records.templates import (
    PartialTemplate,
    TemplateChanges,
    TemplateDeletion,
)
from gql_server.database.records.webhooks import DeliveryRecord, WebhookRecord
from gql_server.database.tables.access import ApiKeyRow
from gql_server.database.tables.batches import BatchItemRow, BatchRow
from gql_server.database.tables.budgets import BudgetRow
from gql_server.database.tables.idempotency_keys import IdempotencyKeyRow
from gql_server.database.tables.images import ImageRow, SourceImageRow
from gql_server.database.tables.ledger import ChargeRow, CostRollupRow, ModelRollupRow
from gql_server.database.tables.templates import TemplateRow
from gql_server.database.tables.webhooks import WebhookDeliveryRow, WebhookRow

RECORDS: tuple[tuple[type[SQLModel], tuple[Any, ...]], ...] = (
    (ApiKeyRow, (ApiKeyRecord, KeyCredentials)),
    (BatchRow, (BatchRecord,)),
    (BatchItemRow, (ItemRecord, ItemToDo)),
    (BudgetRow, (BudgetRecord,)),
    (ChargeRow, (ChargeRecord,)),
    (CostRollupRow, (CostRollup,)),
    (ModelRollupRow, (ModelRollup,)),
    (IdempotencyKeyRow, (KeyRecord,)),
    (ImageRow, (PartialImage, ImageChanges, StoredFile)),
    (SourceImageRow, (SourceImageRecord, StoredFile)),
    (TemplateRow, (PartialTemplate, TemplateChanges, TemplateDeletion)),
    (WebhookRow, (WebhookRecord,)),
    (WebhookDeliveryRow, (DeliveryRecord,)),
)
COMPUTED = {"is_held"}
"""Fields that statements compute."""
UNREAD = {
    ApiKeyRow: {"secret_hash"},
    ImageRow: {"search_text", "file_due_at", "withheld_at", "withheld_key"},
    SourceImageRow: {"file_due_at"},
    TemplateRow: {"deleted_at"},
    WebhookRow: {"body"},
}
"""Columns of tables that the first record, which has all others, leaves out."""
WHOLE = [table for table, _ in RECORDS if table not in {BatchItemRow, IdempotencyKeyRow}]


def comparable(hint: Any) -> str:
    return str(hint).replace("dict[", "Mapping[").replace(str(Mapping.__module__) + ".", "")


@pytest.mark.parametrize(("table", "records"), RECORDS)
def test_records_have_columns_of_their_table(
    table: type[SQLModel], records: tuple[Any, ...]
) -> None:
    columns = get_type_hints(table)
    for record in records:
        for name, hint in get_type_hints(record).items():
            if name not in COMPUTED:
                assert comparable(hint) == comparable(columns[name]), (record, name)


@pytest.mark.parametrize("table", WHOLE)
def test_a_whole_record_has_every_column(table: type[SQLModel]) -> None:
    record = dict(RECORDS)[table][0]
    names = {column.name for column in columns_of(table)} - UNREAD.get(table, set())
    assert set(get_type_hints(record)) == names
