"""The loaders of an operation: what several fields need is read by one statement."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Final, TypeVar

from gql_server.api.caller import Caller
from gql_server.batches.generations import get_generation_items
from gql_server.batches.queries import get_batches, get_labels
from gql_server.database.engine.pages import Page, PageRequest
from gql_server.database.queries.images import ImageFilter
from gql_server.database.records.batches import BatchLabels, BatchRecord, ItemRecord
from gql_server.database.records.images import PartialImage
from gql_server.database.records.source_images import SourceImageRecord
from gql_server.database.records.templates import PartialTemplate
from gql_server.database.records.webhooks import DeliveryRecord, WebhookRecord
from gql_server.domain.lineage import Lineage
from gql_server.domain.principal import Principal
from gql_server.generation.images import (
    get_images,
    get_lineage,
    list_images_by_source,
    list_images_by_template,
)
from gql_server.generation.services import Services
from gql_server.generation.templates import get_templates
from gql_server.generation.uploads import get_source_images
from gql_server.graphql.execution.loaders import SharedLoader
from gql_server.ledger.reports.performance import Performance, read_performance

Row = TypeVar("Row")

LATEST_WEBHOOKS: Final = 10


@dataclass(frozen=True, slots=True)
class ImagesOf:
    """A page of the images of a template or a source, with the columns to read."""

    subject_id: str
    columns: frozenset[str]
    where: ImageFilter
    request: PageRequest


ListImagesOf = Callable[
    [Services, Principal, Sequence[str], Collection[str], ImageFilter, PageRequest],
    Awaitable[Mapping[str, Page[PartialImage]]],
]
"""Reads the same page for several subjects, by their IDs."""


@dataclass(frozen=True, slots=True)
class ModelSince:
    """The performance of a model since an hour."""

    model_id: str
    since: datetime


class Loaders:
    """The loaders of one operation; each reads what the caller may see."""

    def __init__(self, services: Services, caller: Caller) -> None:
        """Create loaders that have loaded nothing; the caller may be authenticated later."""
        self._services = services
        self._caller = caller

    @cached_property
    def images(self) -> SharedLoader[str, PartialImage | None]:
        """Images by ID."""
        return self._by_id(get_images)

    @cached_property
    def templates(self) -> SharedLoader[str, PartialTemplate | None]:
        """Templates by ID."""
        return self._by_id(get_templates)

    @cached_property
    def batches(self) -> SharedLoader[str, BatchRecord | None]:
        """Batches by ID."""
        return self._by_id(get_batches)

    @cached_property
    def batch_labels(self) -> SharedLoader[str, BatchLabels | None]:
        """The labels of batches that the caller sees, by their IDs."""

        async def load(ids: list[str]) -> Sequence[BatchLabels | None]:
            found = await get_labels(self._services, ids)
            return [found.get(batch_id) for batch_id in ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def generation_items(self) -> SharedLoader[str, ItemRecord | None]:
        """The items of generations, by the ID of the batch that each is kept as."""
        return self._by_id(get_generation_items)

    @cached_property
    def template_images(self) -> SharedLoader[ImagesOf, Page[PartialImage]]:
        """Pages of templates' images; pages with the same arguments share a statement."""
        return self._pages(list_images_by_template)

    @cached_property
    def source_images(self) -> SharedLoader[str, SourceImageRecord | None]:
        """Uploads by ID."""
        return self._by_id(get_source_images)

    @cached_property
    def lineage(self) -> SharedLoader[str, Lineage]:
        """What images that the caller sees were generated from, by their IDs."""

        async def load(ids: list[str]) -> Sequence[Lineage]:
            found = await get_lineage(self._services, ids)
            return [found[image_id] for image_id in ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def derived_images(self) -> SharedLoader[ImagesOf, Page[PartialImage]]:
        """Pages of the images generated from sources; pages with the same arguments share one."""
        return self._pages(list_images_by_source)

    @cached_property
    def latest_webhooks(self) -> SharedLoader[str, Sequence[WebhookRecord]]:
        """The latest webhooks about batches and budgets, by their IDs."""

        async def load(ids: list[str]) -> Sequence[Sequence[WebhookRecord]]:
            found = await self._services.webhooks.latest_of(
                self._caller.principal, ids, limit=LATEST_WEBHOOKS
            )
            return [found.get(subject_id, ()) for subject_id in ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def deliveries(self) -> SharedLoader[str, Sequence[DeliveryRecord]]:
        """The delivery attempts of webhooks, by their IDs."""

        async def load(ids: list[str]) -> Sequence[Sequence[DeliveryRecord]]:
            found = await self._services.webhooks.deliveries_of(ids)
            return [found.get(webhook_id, ()) for webhook_id in ids]

        return SharedLoader(load_fn=load)

    @cached_property
    def performance(self) -> SharedLoader[ModelSince, Performance]:
        """The performance of models; those since the same hour share a statement."""

        async def load(keys: list[ModelSince]) -> Sequence[Performance]:
            alike: dict[datetime, list[str]] = defaultdict(list)
            for key in keys:
                alike[key.since].append(key.model_id)
            found = {
                since: await read_performance(
                    self._services.database,
                    model_ids,
                    is_preview=self._services.generator.is_preview,
                    since=since,
                )
                for since, model_ids in alike.items()
            }
            return [found[key.since][key.model_id] for key in keys]

        return SharedLoader(load_fn=load)

    def _pages(self, list_images: ListImagesOf) -> SharedLoader[ImagesOf, Page[PartialImage]]:
        async def load(keys: list[ImagesOf]) -> Sequence[Page[PartialImage]]:
            alike: dict[ImagesOf, list[str]] = defaultdict(list)
            for key in keys:
                alike[replace(key, subject_id="")].append(key.subject_id)
            pages: dict[ImagesOf, Mapping[str, Page[PartialImage]]] = {}
            for key, subject_ids in alike.items():
                pages[key] = await list_images(
                    self._services,
                    self._caller.principal,
                    subject_ids,
                    key.columns,
                    key.where,
                    key.request,
                )
            return [pages[replace(key, subject_id="")][key.subject_id] for key in keys]

        return SharedLoader(load_fn=load)

    def _by_id(
        self,
        get: Callable[[Services, Principal, Collection[str]], Awaitable[Mapping[str, Row]]],
    ) -> SharedLoader[str, Row | None]:
        async def load(ids: list[str]) -> Sequence[Row | None]:
            found = await get(self._services, self._caller.principal, ids)
            return [found.get(one) for one in ids]

        return SharedLoader(load_fn=load)
