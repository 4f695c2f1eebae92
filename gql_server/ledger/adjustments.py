"""Adjustments: entries that an operator adds to the ledger, each with a reason."""

from dataclasses import dataclass

from gql_server.database.engine.engine import Database
from gql_server.database.queries.charges import record_charges
from gql_server.database.queries.images import find_images
from gql_server.database.tables.ledger import ChargeKind, ChargeRow
from gql_server.domain.clock import now
from gql_server.domain.errors import ImageNotFound, InvalidInput, Rejected
from gql_server.domain.ids import new_id
from gql_server.domain.text import text_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """Money charged or refunded in addition to what images cost.

    Attributes:
        user_id: The user whose account it changes.
        amount: Billionths of a dollar; negative refunds.
        reason: The reason, for readers of the ledger.
        image_id: The image that it concerns, if any.
        is_preview: Whether it belongs to the account of previews, if it concerns no image.
    """

    user_id: str
    amount: int
    reason: str
    image_id: str | None = None
    is_preview: bool = False


async def adjust(database: Database, adjustment: Adjustment) -> str:
    """Write an adjustment into the ledger and its roll-ups; return its ID.

    Raises:
        Rejected: It has no reason, or no amount.
        ImageNotFound: The user has no such image.
    """
    errors = list(
        text_errors(adjustment.reason, path=("reason",), label="Reason", minimum=3, maximum=500)
    )
    if not adjustment.amount:
        errors.append(InvalidInput("The amount of an adjustment must not be 0.", path=("amount",)))
    if errors:
        raise Rejected(errors)
    async with database.write() as connection:
        image = None
        if adjustment.image_id is not None:
            found = await find_images(
                connection,
                [adjustment.image_id],
                user_id=adjustment.user_id,
                include_purged=True,
            )
            image = found.get(adjustment.image_id)
            if image is None:
                raise ImageNotFound(adjustment.image_id, path=("image",))
        row = ChargeRow(
            id=new_id("chg"),
            kind=ChargeKind.ADJUSTMENT,
            image_id=adjustment.image_id,
            user_id=adjustment.user_id,
            model_id=image["model_id"] if image else None,
            template_id=image["template_id"] if image else None,
            amount=adjustment.amount,
            provider_cost=0,
            neurons=0,
            is_preview=image["is_preview"] if image else adjustment.is_preview,
            reason=adjustment.reason.strip(),
            created_at=now(),
        )
        await record_charges(connection, [row])
    return row.id
