"""The services that the use cases work with; the application creates them."""

import asyncio
from dataclasses import dataclass, field

from gql_server.database.engine.engine import Database
from gql_server.database.queries.image_inserts import ImageInserts
from gql_server.generation.image_files import ImageFiles
from gql_server.generation.tasks import RunningGenerations
from gql_server.idempotency.keys import Idempotency
from gql_server.inference.catalogue import Catalogue
from gql_server.inference.generator import Generator
from gql_server.jobs.jobs import Jobs
from gql_server.ledger.budgets.budgets import Budgets
from gql_server.ledger.budgets.reservations import Reservations
from gql_server.ledger.prices.price_book import PriceBook
from gql_server.pictures.provenance.marker import NO_MARKS, Marker
from gql_server.progress.progress import Progress
from gql_server.storage.store import Store
from gql_server.webhooks.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class UploadQuota:
    """Maximum number and total bytes of a user's source images; 0 means unlimited."""

    number: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Services:
    """The services of a process: one of each, for its whole life."""

    catalogue: Catalogue
    prices: PriceBook
    generator: Generator
    store: Store
    database: Database
    running: RunningGenerations
    idempotency: Idempotency
    budgets: Budgets
    reservations: Reservations
    jobs: Jobs
    webhooks: Webhooks
    batch_concurrency: int
    """Maximum number of images of batches that a process generates at once."""
    queued_images_per_user: int
    """Maximum number of images of a user in unfinished batches; 0 means unlimited."""
    progress: Progress
    image_inserts: ImageInserts
    files: ImageFiles
    upload_quota: UploadQuota = UploadQuota()
    marker: Marker = NO_MARKS
    """Writes into images how they were made."""
    with_sources: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(64))
    """Requests that have their source images in memory while they wait for the model; others wait
    without them."""
    decoding: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    """A decoded image takes hundreds of times its file's size; few are in memory at once."""
