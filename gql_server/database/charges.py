"""Statements about the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.tables import ChargeRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTotals:
    """What one model's pictures cost: billionths of a dollar, thousandths of a neuron."""

    model_id: str
    images: int
    amount: int
    provider_cost: int
    neurons: int


async def totals_by_model(
    connection: AsyncConnection,
    *,
    user_id: str | None,
    is_preview: bool,
    since: datetime | None,
    until: datetime | None,
) -> Sequence[ModelTotals]:
    """Sum the ledger by model, the costliest first.

    Args:
        connection: Where to read.
        user_id: Whose charges; None for everyone's.
        is_preview: Charges of the preview generator, or of real models.
        since: Charged at this moment or later.
        until: Charged before this moment.
    """
    amount = func.sum(ChargeRow.amount)
    statement = (
        select(
            col(ChargeRow.model_id),
            func.count(),
            amount,
            func.sum(ChargeRow.provider_cost),
            func.sum(ChargeRow.neurons),
        )
        .where(col(ChargeRow.is_preview) == is_preview)
        .group_by(col(ChargeRow.model_id))
        .order_by(amount.desc(), col(ChargeRow.model_id))
    )
    if user_id is not None:
        statement = statement.where(col(ChargeRow.user_id) == user_id)
    if since is not None:
        statement = statement.where(col(ChargeRow.created_at) >= since)
    if until is not None:
        statement = statement.where(col(ChargeRow.created_at) < until)
    rows = (await connection.execute(statement)).all()
    return [
        ModelTotals(
            model_id=model_id,
            images=images,
            amount=int(total),
            provider_cost=int(provider),
            neurons=int(neurons),
        )
        for model_id, images, total, provider, neurons in rows
    ]
