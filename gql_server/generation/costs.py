"""The costs of images that the caller may see."""

from collections.abc import Sequence
from datetime import datetime

from gql_server.database.queries.rollups import RollupFilter
from gql_server.domain.principal import Principal
from gql_server.generation.services import Services
from gql_server.ledger.reports.analytics import CostReport


def cost_report(
    services: Services,
    principal: Principal,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    user_ids: Sequence[str] | None = None,
    model_ids: Sequence[str] | None = None,
    template_ids: Sequence[str] | None = None,
) -> CostReport:
    """Report the costs of the caller's images, or of everyone's for an admin.

    While the server makes previews, only previews count; with real models, only real images.

    Raises:
        InvalidInput: The time range ends before it begins.
    """
    where = RollupFilter(
        is_preview=services.generator.is_preview,
        user_id=principal.owner_filter(),
        user_ids=user_ids,
        model_ids=model_ids,
        template_ids=template_ids,
    )
    return CostReport(services.database, where, since=since, until=until)
