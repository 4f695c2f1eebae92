"""The Cloudflare account that generates the images, and the bucket that stores them."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from gql_server.settings.types import HttpAddress, Token


class WorkersAISettings(BaseSettings):
    """Workers AI and prices."""

    cloudflare_account_id: str | None = Field(
        default=None,
        pattern=r"^[0-9A-Za-z_-]+$",
        description="ID of the Cloudflare account whose Workers AI generates the images. Without "
        "it, the server draws previews.",
    )
    cloudflare_api_token: Token | None = Field(
        default=None,
        description="API token with the Workers AI permission. Required with "
        "`CLOUDFLARE_ACCOUNT_ID`.",
    )
    workers_ai_base_url: HttpAddress = Field(
        default="https://api.cloudflare.com/client/v4",
        description="Base URL of Cloudflare's API, or of an AI Gateway: "
        "`https://gateway.ai.cloudflare.com/v1/{account}/{gateway}/workers-ai`.",
    )
    ai_gateway_token: Token | None = Field(
        default=None,
        description="Token of an AI Gateway that requires authentication, sent to it as "
        "`cf-aig-authorization`.",
    )
    workers_ai_timeout: float = Field(
        default=120,
        gt=0,
        le=600,
        description="Maximum duration of one call to a model, in seconds.",
    )
    workers_ai_max_attempts: int = Field(
        default=4, ge=1, le=10, description="Maximum number of calls to a model for one image."
    )
    workers_ai_requests_per_minute: int = Field(
        default=720,
        ge=2,
        le=10_000_000,
        description="Maximum number of model calls that the account may start in any 60 seconds, "
        "over all processes. Must be the same in every process.",
    )
    workers_ai_requests_per_minute_image_to_image: int = Field(
        default=1500,
        ge=2,
        le=10_000_000,
        description="Maximum number of calls to `stable-diffusion-v1-5-img2img` that the account "
        "may start in any 60 seconds, over all processes: Cloudflare counts them separately. Must "
        "be the same in every process.",
    )
    workers_ai_requests_per_minute_third_party: int = Field(
        default=200,
        ge=2,
        le=10_000_000,
        description="Maximum number of calls to models of other providers, such as "
        "`openai/gpt-image-2`, that the account may start in any 60 seconds, over all processes. "
        "Cloudflare's Unified Billing allows 200. Must be the same in every process.",
    )
    ai_gateway_id: str | None = Field(
        default=None,
        pattern=r"^[0-9A-Za-z_-]{1,64}$",
        description="ID of the AI Gateway that calls to models go through, such as `images`. "
        "FLUX.2 models of Workers AI are called directly, because a gateway cannot pass them on.",
    )
    ai_gateway_log_payloads: bool = Field(
        default=True,
        description="Whether the AI Gateway's log may keep prompts and images.",
    )
    provider_allow_private: bool = Field(
        default=False,
        description="Whether generated images may be fetched from private networks and without "
        "TLS. For development only.",
    )
    price_book: Path | None = Field(
        default=None,
        description="Path of a TOML file with prices that replace the built-in ones. "
        "[Format](guide/costs.md#prices).",
    )
    model_overrides: Path | None = Field(
        default=None,
        description="Path of a TOML file that changes, withdraws and adds models. `gql-server "
        "models refresh` writes one. [Format](operating.md#models).",
    )


class R2Settings(BaseSettings):
    """Image store and uploads."""

    r2_bucket: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        description="Name of the R2 bucket for the image files. Without it, they are stored in a "
        "folder in `DATA_DIR`.",
    )
    r2_access_key_id: SecretStr | None = Field(
        default=None, description="S3 access key ID for the bucket. Required with `R2_BUCKET`."
    )
    r2_secret_access_key: SecretStr | None = Field(
        default=None, description="S3 secret access key for the bucket. Required with `R2_BUCKET`."
    )
    r2_endpoint_url: HttpAddress | None = Field(
        default=None,
        description="S3 endpoint of the bucket. Defaults to R2's, made from "
        "`CLOUDFLARE_ACCOUNT_ID`.",
    )
    r2_public_url: HttpAddress | None = Field(
        default=None,
        description="Public URL of the bucket: a custom domain or its `r2.dev` address. Without "
        "it, image URLs are signed and expire.",
    )
    cloudflare_zone_id: str | None = Field(
        default=None,
        pattern=r"^[0-9A-Za-z]{1,64}$",
        description="ID of the Cloudflare zone in front of the image files: that of "
        "`R2_PUBLIC_URL`, or of `PUBLIC_URL` for files in a folder. Its cache is purged of images "
        "that are deleted or purged. [How](operating.md#caches).",
    )
    cloudflare_cache_token: Token | None = Field(
        default=None,
        description="API token with the permission Cache Purge for the zone. Required with "
        "`CLOUDFLARE_ZONE_ID`.",
    )
    cloudflare_cache_api_url: HttpAddress = Field(
        default="https://api.cloudflare.com/client/v4",
        description="Base URL of the API that purges the zone's cache.",
    )
    uploads_per_user: int = Field(
        default=10_000,
        ge=0,
        description="Maximum number of source images stored for one user. 0: no limit.",
    )
    upload_bytes_per_user: int = Field(
        default=20 * 1024**3,
        ge=0,
        description="Maximum size of all source images of one user, in bytes. 0: no limit.",
    )
