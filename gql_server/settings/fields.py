"""Every setting that there is: its name, its bounds, what it is unless it is set."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from gql_server.settings.types import (
    AnyCase,
    DatabaseAddress,
    Hosts,
    HttpAddress,
    Issuer,
    LongSecret,
    Networks,
    Origins,
    Switch,
    Token,
    WebhookSecrets,
)


class SettingFields(BaseSettings):
    """What an operator can set; each field is the environment variable of its name in capitals.

    Secrets are held so that no representation or log shows them.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8000, ge=1, le=65535, description="The port to listen on.")
    public_url: HttpAddress | None = Field(
        default=None, description="Where clients reach the server; made from HOST and PORT."
    )
    auth: Annotated[Literal["none", "keys"], AnyCase] | None = Field(
        default=None,
        description="none: everyone is one user; keys: API keys. Unset: none, on this machine.",
    )
    oidc_issuer: Issuer | None = Field(
        default=None, description="A provider whose tokens are taken beside API keys, as in `iss`."
    )
    oidc_audience: str | None = Field(
        default=None, description="What its tokens for this server have in `aud`."
    )
    oidc_role_claim: str = Field(
        default="role", description="The claim with reader, creator or admin, or a list of them."
    )
    allowed_ips: Networks = Field(
        default=(), description="The networks that may reach the server; unset: every one."
    )
    allowed_hosts: Hosts = Field(
        default=(),
        description="Names that the server answers to; unset: on loopback without keys its own.",
    )
    trusted_proxies: Networks = Field(
        default=(), description="The proxies whose X-Forwarded-For says who their client is."
    )
    url_signing_secret: LongSecret | None = Field(
        default=None,
        description="Signs the addresses of a folder's pictures; made once into DATA_DIR.",
    )
    data_dir: Path = Field(
        default=Path("data"), description="The folder for the database and the pictures."
    )
    database_url: DatabaseAddress | None = Field(
        default=None, description="SQLite in DATA_DIR, or postgresql://… in production."
    )

    cloudflare_account_id: str | None = Field(
        default=None,
        pattern=r"^[0-9A-Za-z_-]+$",
        description="The account whose Workers AI makes the pictures; unset: previews.",
    )
    cloudflare_api_token: Token | None = Field(
        default=None, description="A token with the right to run Workers AI."
    )
    workers_ai_base_url: HttpAddress = Field(
        default="https://api.cloudflare.com/client/v4",
        description="Cloudflare's API, or an AI Gateway's address that ends in /workers-ai.",
    )
    ai_gateway_token: Token | None = Field(
        default=None,
        description="Token of an authenticated AI Gateway, sent beside `CLOUDFLARE_API_TOKEN`.",
    )
    workers_ai_timeout: float = Field(
        default=120, gt=0, le=600, description="Seconds for one attempt at a picture."
    )
    workers_ai_max_attempts: int = Field(
        default=4, ge=1, le=10, description="Attempts at one picture."
    )
    workers_ai_requests_per_minute: int = Field(
        default=720,
        ge=2,
        le=10_000_000,
        description="Attempts at pictures that the account may start in a minute.",
    )
    workers_ai_requests_per_minute_image_to_image: int = Field(
        default=1500,
        ge=2,
        le=10_000_000,
        description="The same for the model that Cloudflare counts apart.",
    )

    r2_bucket: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        description="The bucket for the pictures; unset: a folder in DATA_DIR.",
    )
    r2_access_key_id: SecretStr | None = Field(
        default=None, description="The bucket's S3 access key."
    )
    r2_secret_access_key: SecretStr | None = Field(
        default=None, description="The secret to that key."
    )
    r2_endpoint_url: HttpAddress | None = Field(
        default=None, description="R2's S3 address; made from CLOUDFLARE_ACCOUNT_ID."
    )
    r2_public_url: HttpAddress | None = Field(
        default=None, description="The bucket's public address; unset: addresses are signed."
    )

    uploads_per_user: int = Field(
        default=10_000, ge=0, description="Source images that are kept for a user; 0: no bound."
    )
    upload_bytes_per_user: int = Field(
        default=20 * 1024**3,
        ge=0,
        description="Bytes that the source images of a user may take; 0: no bound.",
    )

    webhook_secret: WebhookSecrets | None = Field(
        default=None,
        description="Signs webhooks; several while they are changed. With SQLite it is made once "
        "into DATA_DIR.",
    )
    webhook_allow_private: bool = Field(
        default=False,
        description="Whether webhooks may go to private addresses, without TLS: for development.",
    )

    price_book: Path | None = Field(
        default=None, description="A TOML file that replaces built-in prices."
    )
    request_deadline: float = Field(
        default=90,
        gt=0,
        le=600,
        description="Seconds until a request stops waiting for its picture, which goes on.",
    )
    shutdown_timeout: float = Field(
        default=30, ge=0, le=600, description="Seconds that a stop waits for running pictures."
    )
    batch_concurrency: int = Field(
        default=16,
        ge=1,
        le=1000,
        description="Calls for pictures of batches that a process has in flight.",
    )
    job_concurrency: int = Field(
        default=8,
        ge=1,
        le=1000,
        description="Background jobs of a kind that a process runs at once.",
    )
    subscription_init_timeout: float = Field(
        default=10,
        gt=0,
        le=600,
        description="Seconds that a WebSocket has for its connection_init.",
    )
    subscription_send_timeout: float = Field(
        default=30,
        gt=0,
        le=600,
        description="Seconds after which a client that takes no data is dropped.",
    )
    subscriptions_per_connection: int = Field(
        default=100, ge=1, le=10_000, description="Operations at once over one WebSocket."
    )
    subscriptions_per_user: int = Field(
        default=5_000, ge=1, description="Subscriptions at once of one user, in a process."
    )
    max_connections: int = Field(
        default=10_000, ge=1, description="Connections that a process holds at once."
    )
    websockets_per_address: int = Field(
        default=2_000, ge=1, description="WebSockets of one client address, in a process."
    )
    websockets_per_user: int = Field(
        default=2_000, ge=1, description="WebSockets of one user, in a process."
    )
    process_lease: float = Field(
        default=12,
        gt=0,
        le=3600,
        description="Seconds after its last beat that a process counts as alive.",
    )
    cors_origins: Origins = Field(
        default=(), description="Origins whose pages may use the API, with commas; * for all."
    )
    introspection: Switch = Field(
        default=None,
        description="Whether the schema describes itself; auto: to admins.",
    )
    suggestions: Switch = Field(
        default=None, description="Whether errors suggest names of the schema; auto: to admins."
    )
    playground: Switch = Field(
        default=None, description="Whether browsers get the playground; auto: with keys, admins'."
    )
    get_queries: Switch = Field(
        default=None, description="Whether GET takes any query, or only those named by a hash."
    )
    persisted_queries: bool = Field(
        default=True, description="Whether documents are kept for clients that send hashes."
    )
    trusted_documents: Path | None = Field(
        default=None, description="A manifest of documents; nothing else is run then."
    )
    max_body_bytes: int = Field(
        default=8 * 1024 * 1024, ge=1024, description="Bytes of a request without files."
    )
    max_files: int = Field(
        default=1, ge=1, le=100, description="Files of one request, of 20 MiB each."
    )
    receive_timeout: float = Field(
        default=30,
        gt=0,
        le=600,
        description="Seconds that a request's head, and then its body, may take.",
    )
    max_operations: int = Field(
        default=0, ge=0, le=100, description="Operations of one request; 0: no lists of them."
    )
    max_query_length: int = Field(
        default=65_536, ge=1, description="Characters that a GraphQL document may have."
    )
    max_query_tokens: int = Field(default=4000, ge=100, description="Tokens of a document.")
    max_query_depth: int = Field(
        default=15, ge=1, le=100, description="Levels to which an operation may be nested."
    )
    max_query_aliases: int = Field(default=50, ge=0, description="Aliases of a document.")
    max_query_directives: int = Field(default=50, ge=0, description="Directives of a document.")
    max_query_repeats: int = Field(
        default=20, ge=1, description="How often one selection may name the same field."
    )
    max_query_cost: int = Field(
        default=12_000, ge=1, description="Objects that an operation may ask for, by its pages."
    )
    allowance: Annotated[int, Field(ge=0, le=2_000_000_000)] | None = Field(
        default=None,
        description="Cost that a user may spend at once; 0: no bound. Unset: 1,000,000 where AUTH "
        "is keys.",
    )
    allowance_per_second: int = Field(
        default=20_000, ge=1, le=2_000_000_000, description="Cost that is refilled in a second."
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], AnyCase] = Field(
        default="info", description="The least that is logged."
    )
    log_format: Annotated[Literal["console", "json"], AnyCase] | None = Field(
        default=None, description="console, or json where the database is PostgreSQL."
    )
