"""What moves and erases image files, as the settings say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from gql_server.database.engine.engine import Database
from gql_server.database.queries.image_files import FILES_GONE
from gql_server.generation.image_files import ImageFiles
from gql_server.jobs.jobs import Jobs
from gql_server.processes.recurring import recurring
from gql_server.progress.progress import Progress
from gql_server.settings import Settings
from gql_server.storage.edge_cache import CloudflareCache, EdgeCache, NoEdgeCache
from gql_server.storage.store import Store
from gql_server.web.renditions import Renditions

_SWEEP_SECONDS: Final = 10.0
_NOTICE_SECONDS: Final = 600.0


@asynccontextmanager
async def image_files_of(
    settings: Settings, database: Database, store: Store, jobs: Jobs
) -> AsyncIterator[ImageFiles]:
    """Move and erase files that are due until the block ends."""
    edge = edge_cache_of(settings)
    files = ImageFiles(database, store, edge)
    jobs.add_sweep("changed images", files.notice, seconds=_NOTICE_SECONDS)
    try:
        async with recurring("image files", files.sweep, seconds=_SWEEP_SECONDS):
            yield files
    finally:
        await edge.close()


@asynccontextmanager
async def renditions_watched(progress: Progress, renditions: Renditions) -> AsyncIterator[None]:
    """Forget renditions of files that are gone, whichever process erased them."""
    with progress.on_news(FILES_GONE, renditions.forget_gone):
        yield


def edge_cache_of(settings: Settings) -> EdgeCache:
    """Return the cache in front of the image files, as the settings name it."""
    zone, token = settings.cloudflare_zone_id, settings.cloudflare_cache_token
    if zone is None or token is None:
        return NoEdgeCache()
    return CloudflareCache(
        zone_id=zone,
        token=token.get_secret_value(),
        api_url=settings.cloudflare_cache_api_url,
        public_base=settings.r2_public_url,
    )
