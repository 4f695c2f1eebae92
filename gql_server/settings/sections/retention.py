"""How long data is kept."""

from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings

_MAX_DAYS: Final = 36_500


class RetentionSettings(BaseSettings):
    """Retention."""

    retention_deleted_days: int = Field(
        default=0,
        ge=0,
        le=_MAX_DAYS,
        description="Days after which deleted images are purged: their files, prompts, tags and "
        "metadata are erased for good. 0: they are kept. [More](operating.md#retention).",
    )
    retention_images_days: int = Field(
        default=0,
        ge=0,
        le=_MAX_DAYS,
        description="Days after which all images are purged, deleted or not. 0: they are kept.",
    )
    retention_uploads_days: int = Field(
        default=0,
        ge=0,
        le=_MAX_DAYS,
        description="Days after which source images are deleted for good. 0: they are kept.",
    )
    retention_requests_days: int = Field(
        default=0,
        ge=0,
        le=_MAX_DAYS,
        description="Days after the end of a batch or generation after which its failed and "
        "canceled requests are erased. They can then no longer be retried. 0: they are kept.",
    )
    retention_webhooks_days: int = Field(
        default=90,
        ge=0,
        le=_MAX_DAYS,
        description="Days after which finished webhooks are deleted with their deliveries. 0: "
        "they are kept.",
    )
