"""Where the server listens, and where its clients reach it."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from gql_server.settings.types import (
    DatabaseAddress,
    Hosts,
    HttpAddress,
    ListenHost,
    Networks,
    Origins,
)


class ServerSettings(BaseSettings):
    """Server and data."""

    host: ListenHost = Field(
        default="127.0.0.1",
        description="Address or host name to listen on, such as `0.0.0.0` for every IPv4 network "
        "or `::` for every network.",
    )
    port: int = Field(default=8000, ge=1, le=65535, description="TCP port to listen on.")
    public_url: HttpAddress | None = Field(
        default=None,
        description="URL at which clients reach the server, such as `https://api.example.com/ai`. "
        "Defaults to an address made from `HOST` and `PORT`.",
    )
    data_dir: Path = Field(
        default=Path("data"),
        description="Folder for the SQLite database, the image files and generated secrets; a "
        "relative path starts in the folder the server starts in.",
    )
    database_url: DatabaseAddress | None = Field(
        default=None,
        description="URL of the database: `sqlite:///path/to/file.db` or "
        "`postgresql://user:password@host/database`. Defaults to SQLite in `DATA_DIR`. [Rights in "
        "PostgreSQL](running.md#rights-in-postgresql).",
    )
    database_password: SecretStr | None = Field(
        default=None,
        description="Password for a `DATABASE_URL` without one, written as it is. In the URL, "
        "characters such as `@ : / # ?` must be percent-encoded.",
    )
    database_pool_size: int = Field(
        default=51,
        ge=8,
        le=1000,
        description="Maximum number of connections a process opens to PostgreSQL, and never more "
        "than half of what the server, the database and the role allow. Keep the sum over all "
        "processes below `max_connections` minus `superuser_reserved_connections`, or processes "
        "wait for one another. [More](running.md#running-it).",
    )
    allow_newer_database: bool = Field(
        default=False,
        description="Whether the server starts on a database that the next version has migrated, "
        "to return from that version to this one. [Rolling back](deploying.md#roll-back).",
    )
    allowed_hosts: Hosts = Field(
        default=(),
        description="Host names the server answers to, separated by commas: `api.example.com, "
        "*.example.org`; `*` for any. Defaults to the server's own name where it listens on "
        "loopback without authentication, and to any name elsewhere. "
        "[Why](guide/http.md#names-of-the-server).",
    )
    allowed_ips: Networks = Field(
        default=(),
        description="Networks that may reach the server, separated by commas: `10.0.0.0/8, "
        "2001:db8::1`. Others get 403. Defaults to all networks.",
    )
    trusted_proxies: Networks = Field(
        default=(),
        description="Networks of reverse proxies whose `X-Forwarded-For` header is trusted, "
        "separated by commas: `10.0.0.5, 172.16.0.0/12`. Defaults to none.",
    )
    cors_origins: Origins = Field(
        default=(),
        description="Origins whose pages may use the API and open WebSockets, separated by commas: "
        "`https://app.example.com`, or of apps: `tauri://localhost`; `*` for all. Defaults to "
        "none.",
    )
