"""What every resolver receives: the services, the caller, and the loaders of the operation."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final, Self

import strawberry

from gql_server.api.caller import Access, Caller
from gql_server.batches.queries import get_batches
from gql_server.database.engine.pages import Page, PageRequest
from gql_server.database.queries.images import ImageFilter
from gql_server.database.records.batches import BatchRecord
from gql_server.database.records.images import PartialImage
from gql_server.database.records.templates import PartialTemplate
from gql_server.database.records.webhooks import DeliveryRecord, WebhookRecord
from gql_server.domain.budgets import Payer
from gql_server.domain.principal import Principal
from gql_server.generation.images import get_images, list_images_by_template
from gql_server.generation.services import Services
from gql_server.generation.templates import get_templates
from gql_server.graphql.execution.loaders import SharedLoader
from gql_server.ledger.budgets.budgets import BudgetState
from gql_server.ledger.reports.performance import Performance, read_performance

if TYPE_CHECKING:
    from gql_server.api.models.types import Model

LATEST_WEBHOOKS: Final = 10


@dataclass(frozen=True, slots=True)
class TemplateImages:
    """Which page of which template's images is wanted."""

    template_id: str
    columns: frozenset[str]
    where: ImageFilter
    request: PageRequest


@dataclass(frozen=True, slots=True)
class ModelSince:
    """Which model's performance is wanted, and from which hour on."""

    model_id: str
    since: datetime


class Context(Caller):
    """One for each operation; it holds no database session.

    Sibling resolvers run side by side: each opens its own short unit of work.

    Attributes:
        services: The services of the server.
        models: The models by name.
    """

    def __init__(
        self,
        services: Services,
        models: Mapping[str, "Model"],
        access: Access,
        principal: Principal | None,
    ) -> None:
        """Create a context; a principal of None is not authenticated yet."""
        super().__init__(access, principal)
        self.services = services
        self.models = models
        self._budgets: asyncio.Future[Sequence[BudgetState]] | None = None

    def fresh(self) -> Self:
        """Return one for another operation of the same caller, with nothing loaded."""
        return type(self)(self.services, self.models, self._access, self._principal)

    async def budgets(self) -> Sequence[BudgetState]:
        """Return the budgets that the caller's pictures are paid from, read once."""
        if self._budgets is None:
            payer = Payer(user_id=self.principal.user_id, key_id=self.principal.key_id)
            self._budgets = asyncio.ensure_future(self.services.budgets.of(payer))
        # One field that is cancelled takes it from no other.
        return await asyncio.shield(self._budgets)

    @cached_property
    def template(self) -> SharedLoader[str, PartialTemplate | None]:
        """Templates by id, for all that ask in one turn by one statement."""

        async def load(ids: list[str]) -> Sequence[PartialTemplate | None]:
            found = await get_templates(self.services, self.principal, ids)
            return [found.get(template_id) for template_id in ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def image(self) -> SharedLoader[str, PartialImage | None]:
        """Images by id, for all that ask in one turn by one statement."""

        async def load(ids: list[str]) -> Sequence[PartialImage | None]:
            found = await get_images(self.services, self.principal, ids)
            return [found.get(image_id) for image_id in ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def batch(self) -> SharedLoader[str, BatchRecord | None]:
        """Batches by id, for all that ask in one turn by one statement."""

        async def load(ids: list[str]) -> Sequence[BatchRecord | None]:
            found = await get_batches(self.services, self.principal, ids)
            return [found.get(batch_id) for batch_id in ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def template_images(self) -> SharedLoader[TemplateImages, Page[PartialImage]]:
        """Pages of templates' images; those with the same arguments by one statement."""

        async def load(keys: list[TemplateImages]) -> Sequence[Page[PartialImage]]:
            alike: dict[TemplateImages, list[str]] = defaultdict(list)
            for key in keys:
                alike[_without_template(key)].append(key.template_id)
            pages: dict[TemplateImages, Mapping[str, Page[PartialImage]]] = {}
            for key, template_ids in alike.items():
                pages[key] = await list_images_by_template(
                    self.services, self.principal, template_ids, key.columns, key.where, key.request
                )
            return [pages[_without_template(key)][key.template_id] for key in keys]

        return SharedLoader(load_fn=load)

    @cached_property
    def subject_webhooks(self) -> SharedLoader[str, Sequence[WebhookRecord]]:
        """The latest webhooks of batches and budgets that the caller sees, by one statement."""

        async def load(ids: list[str]) -> Sequence[Sequence[WebhookRecord]]:
            found = await self.services.webhooks.latest_of(
                self.principal, ids, limit=LATEST_WEBHOOKS
            )
            return [found.get(subject_id, ()) for subject_id in ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def webhook_deliveries(self) -> SharedLoader[str, Sequence[DeliveryRecord]]:
        """The attempts to deliver webhooks, for all that ask in one turn by one statement."""

        async def load(ids: list[str]) -> Sequence[Sequence[DeliveryRecord]]:
            found = await self.services.webhooks.deliveries_of(ids)
            return [found.get(webhook_id, ()) for webhook_id in ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def model_performance(self) -> SharedLoader[ModelSince, Performance]:
        """How models did; those from the same hour on by one statement."""

        async def load(keys: list[ModelSince]) -> Sequence[Performance]:
            alike: dict[datetime, list[str]] = defaultdict(list)
            for key in keys:
                alike[key.since].append(key.model_id)
            found = {
                since: await read_performance(
                    self.services.database,
                    model_ids,
                    is_preview=self.services.generator.is_preview,
                    since=since,
                )
                for since, model_ids in alike.items()
            }
            return [found[key.since][key.model_id] for key in keys]

        return SharedLoader(load_fn=load)


def _without_template(key: TemplateImages) -> TemplateImages:
    return TemplateImages("", key.columns, key.where, key.request)


Info = strawberry.Info[Context, None]
