"""Erasures: their shape."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

import strawberry

from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.nodes import Node
from gql_server.database.records.erasures import ErasureRecord
from gql_server.erasure import purge as use_cases


@described
@strawberry.enum
class ErasureStatus(Enum):
    """Status of an erasure."""

    RUNNING = strawberry.enum_value("running", description="Images are being purged.")
    FINISHED = strawberry.enum_value(
        "finished", description="Every image that matched the filter is purged."
    )


@described
@strawberry.type
class Erasure(Node):
    """The purge of many images in the background. It continues when the server restarts."""

    id: strawberry.ID = strawberry.field(description="Globally unique ID of the purge, `ers_…`.")
    status: ErasureStatus = strawberry.field(description="Current status.")
    total: int = strawberry.field(
        description="Number of images that matched the filter when the request was accepted."
    )
    purged: int = strawberry.field(
        description="Number of images purged so far. Less than `total` at the end if images were "
        "restored or purged by another request meanwhile."
    )
    user_id: strawberry.ID = strawberry.field(description="ID of the user who requested the purge.")
    created_at: datetime = strawberry.field(description="When the request was accepted.")
    finished_at: datetime | None = strawberry.field(
        description="When the last image was purged. Null before that."
    )


def erasure_from(erasure: ErasureRecord) -> Erasure:
    """Shape an erasure."""
    is_running = erasure.finished_at is None
    return Erasure(
        id=strawberry.ID(erasure.id),
        status=ErasureStatus.RUNNING if is_running else ErasureStatus.FINISHED,
        total=erasure.total,
        purged=erasure.purged,
        user_id=strawberry.ID(erasure.user_id),
        created_at=erasure.created_at,
        finished_at=erasure.finished_at,
    )


async def find_erasures(info: Info, ids: Sequence[str]) -> dict[str, Erasure]:
    """Find the caller's erasures by ID; one that is not there is left out."""
    context = info.context
    found = await use_cases.get_erasures(context.services, context.principal, ids)
    return {found_id: erasure_from(one) for found_id, one in found.items()}
