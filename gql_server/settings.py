"""Every setting, from the environment and ``.env``, checked together before anything starts."""

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url

from gql_server.setting_types import (
    DRIVERS,
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

_ALLOWANCE: Final = 1_000_000


class SettingsError(Exception):
    """A setting is wrong; each line of the message names one and says how to mend it."""


class Settings(BaseSettings):
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
        default=10_000, ge=1, description="Objects that an operation may ask for, by its pages."
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

    @model_validator(mode="after")
    def _sets_are_whole(self) -> Self:
        faults: list[str] = []
        account = {
            "CLOUDFLARE_ACCOUNT_ID": self.cloudflare_account_id,
            "CLOUDFLARE_API_TOKEN": self.cloudflare_api_token,
        }
        if any(account.values()) and not all(account.values()):
            faults.append(_half_a_set(account))
        bucket = {
            "R2_BUCKET": self.r2_bucket,
            "R2_ACCESS_KEY_ID": self.r2_access_key_id,
            "R2_SECRET_ACCESS_KEY": self.r2_secret_access_key,
        }
        any_r2 = {**bucket, "R2_ENDPOINT_URL": self.r2_endpoint_url}
        any_r2["R2_PUBLIC_URL"] = self.r2_public_url
        if any(any_r2.values()) and not all(bucket.values()):
            faults.append(_half_a_set(bucket))
        if self.r2_bucket and not (self.r2_endpoint_url or self.cloudflare_account_id):
            faults.append("R2_ENDPOINT_URL: set it, or CLOUDFLARE_ACCOUNT_ID from which it is made")
        provider = {"OIDC_ISSUER": self.oidc_issuer, "OIDC_AUDIENCE": self.oidc_audience}
        if any(provider.values()) and not all(provider.values()):
            faults.append(_half_a_set(provider))
        if self.oidc_issuer and self.auth != "keys":
            faults.append("AUTH: set it to keys where OIDC_ISSUER is set, or nobody is asked")
        if 0 < self.allowance_size < self.max_query_cost:
            faults.append("ALLOWANCE: set it to MAX_QUERY_COST or more, or to 0 for no bound")
        if faults:
            raise ValueError("\n".join(faults))
        return self

    @property
    def server_url(self) -> str:
        """Where clients reach the server, without a trailing slash."""
        if self.public_url:
            return self.public_url
        host = self.host
        if _is_unspecified(host):
            host = "localhost"
        elif ":" in host:
            host = f"[{host}]"
        return f"http://{host}:{self.port}"

    @property
    def asks_for_keys(self) -> bool | None:
        """Whether callers need an API key; None where that has to be decided first.

        Nobody is asked where AUTH is unset and no other machine gets in.
        """
        if self.auth is not None:
            return self.auth == "keys"
        return None if self.reached_by else False

    @property
    def reached_by(self) -> str | None:
        """What says that other machines reach the server, for people; None: nothing does.

        A proxy in front lets them in where HOST itself would not.
        """
        if not self.is_loopback:
            return f"HOST={self.host}"
        name = urlsplit(self.public_url or "").hostname
        if name is not None and not _is_loopback(name):
            return f"PUBLIC_URL={self.public_url}"
        return "TRUSTED_PROXIES" if self.trusted_proxies else None

    @property
    def allowance_size(self) -> int:
        """The cost that a user may spend at once; 0: as much as they like.

        Unset, everybody is bounded where they are asked who they are.
        """
        if self.allowance is not None:
            return self.allowance
        return _ALLOWANCE if self.asks_for_keys else 0

    @property
    def host_names(self) -> tuple[str, ...] | None:
        """The names that clients may know the server by; None: any.

        Unset they matter where nobody is asked and this machine alone should get in: there a page
        of another site could, with a name of its own for this machine.
        """
        if "*" in self.allowed_hosts:
            return None
        if not self.allowed_hosts and (self.asks_for_keys or not self.is_loopback):
            return None
        own = urlsplit(self.server_url).hostname or ""
        return (*self.allowed_hosts, own)

    @property
    def is_loopback(self) -> bool:
        """Whether the server listens to this machine alone."""
        return _is_loopback(self.host)

    @property
    def images_dir(self) -> Path:
        """The folder of the pictures' bytes when there is no bucket."""
        return self.data_dir / "images"

    @property
    def r2_endpoint(self) -> str:
        """R2's S3 address."""
        return self.r2_endpoint_url or (
            f"https://{self.cloudflare_account_id}.r2.cloudflarestorage.com"
        )

    @property
    def sqlalchemy_url(self) -> URL:
        """The database's address with the driver that the server uses."""
        if self.database_url is None:
            return URL.create(DRIVERS["sqlite"], database=str(self.data_dir / "gql_server.db"))
        url = make_url(self.database_url.get_secret_value())
        return url.set(drivername=DRIVERS[url.drivername])

    @property
    def effective_log_format(self) -> Literal["console", "json"]:
        """The format to log in when nobody chose one."""
        if self.log_format is not None:
            return self.log_format
        return "json" if self.sqlalchemy_url.get_backend_name() == "postgresql" else "console"


def load_settings(**overrides: Any) -> Settings:
    """Read the environment and ``.env``.

    Args:
        overrides: Settings by field name, over what the environment says.

    Raises:
        SettingsError: Names every setting that is wrong and how to mend it; shows no secret.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(part) for part in fault['loc'][:1]).upper()}: {_plain(fault['msg'])}"
            if fault["loc"]
            else _plain(fault["msg"])
            for fault in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsError("\n".join(lines)) from None


def _half_a_set(names: Mapping[str, object]) -> str:
    missing = [name for name, value in names.items() if not value]
    return f"{', '.join(missing)}: missing; set all of {', '.join(names)}, or none"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_unspecified(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")
