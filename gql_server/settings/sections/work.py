"""Images in progress, background jobs and webhooks."""

from pydantic import Field
from pydantic_settings import BaseSettings

from gql_server.settings.types import WebhookSecrets


class WorkSettings(BaseSettings):
    """Generation, batches and shutdown."""

    request_deadline: float = Field(
        default=90,
        gt=0,
        le=600,
        description="Time after which a request stops waiting for its image, in seconds. "
        "Generation continues.",
    )
    max_generations: int = Field(
        default=512,
        ge=1,
        description="Maximum number of images that a process generates for requests at once, "
        "including those that wait for the model. Further requests get 503 with `Retry-After`. "
        "Batches do not count.",
    )
    queued_images_per_user: int = Field(
        default=100_000,
        ge=0,
        le=2_000_000_000,
        description="Maximum number of images that one user has in unfinished batches and "
        "generations. 0: no limit. Must be the same in every process.",
    )
    shutdown_timeout: float = Field(
        default=30,
        ge=0,
        le=600,
        description="Maximum time to wait for running requests on shutdown, in seconds. Images "
        "whose client has disconnected get the same time again after that.",
    )
    batch_concurrency: int = Field(
        default=16,
        ge=1,
        le=1000,
        description="Maximum number of model calls for batches that a process runs at once. Must "
        "be the same in every process.",
    )
    job_concurrency: int = Field(
        default=8,
        ge=1,
        le=1000,
        description="Maximum number of background jobs of one kind that a process runs at once. "
        "One user gets at most half of them. Must be the same in every process.",
    )
    process_lease: float = Field(
        default=12,
        gt=0,
        le=3600,
        description="Time after a process's last heartbeat at which other processes take over its "
        "jobs, in seconds. Must be the same in every process.",
    )


class WebhookSettings(BaseSettings):
    """Webhooks."""

    webhook_secret: WebhookSecrets | None = Field(
        default=None,
        description="Secret that signs webhooks: `whsec_` and 24 to 64 random bytes in base64, or "
        "several while you rotate it, separated by spaces. Defaults to a secret generated once in "
        "`DATA_DIR` with SQLite, and to no webhooks with PostgreSQL. Must be the same in every "
        "process. [Rotation](guide/webhooks.md).",
    )
    webhook_allow_private: bool = Field(
        default=False,
        description="Whether webhooks may be sent to private networks and without TLS. For "
        "development only.",
    )
