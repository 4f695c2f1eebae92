"""How long data is kept, as the settings say."""

from datetime import timedelta

from gql_server.erasure.retention import Retention
from gql_server.settings import Settings


def retention_of(settings: Settings) -> Retention:
    """Return how long images, uploads and requests are kept."""
    return Retention(
        deleted=days(settings.retention_deleted_days),
        images=days(settings.retention_images_days),
        uploads=days(settings.retention_uploads_days),
        requests=days(settings.retention_requests_days),
    )


def days(number: int) -> timedelta | None:
    """Return a number of days; None for 0, which means for good."""
    return timedelta(days=number) if number else None
