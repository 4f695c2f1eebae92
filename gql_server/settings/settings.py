"""The settings, from the environment and ``.env``, checked together, and derived values."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from sqlalchemy.engine import URL, make_url

from gql_server.settings.addresses import is_loopback_host, is_unspecified_host, origin_of
from gql_server.settings.env_file import (
    EnvFileError,
    Misspelling,
    check_env_file,
    find_misspellings,
)
from gql_server.settings.fields import SettingFields
from gql_server.settings.secret_files import SecretFileError, secret_names
from gql_server.settings.sources import sources_with_settings
from gql_server.settings.types import DRIVERS

GATEWAY_ENDING: Final = "/workers-ai"
"""The ending of an AI Gateway's URL."""

_ALLOWANCE: Final = 1_000_000


class SettingsError(Exception):
    """A setting is invalid; each line of the message names one and says how to fix it."""


class Settings(SettingFields):
    """The operator's settings, consistent with one another."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - a folder of them
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Add files of secrets to the sources of settings."""
        return sources_with_settings(settings_cls, init_settings, env_settings, dotenv_settings)

    @model_validator(mode="after")
    def _sets_are_whole(self) -> Self:
        errors: list[str] = []
        account = {
            "CLOUDFLARE_ACCOUNT_ID": self.cloudflare_account_id,
            "CLOUDFLARE_API_TOKEN": self.cloudflare_api_token,
        }
        if any(account.values()) and not all(account.values()):
            errors.append(_half_a_set(account))
        if self.ai_gateway_token and not self.workers_ai_base_url.endswith(GATEWAY_ENDING):
            errors.append(
                "AI_GATEWAY_TOKEN: set WORKERS_AI_BASE_URL to the gateway's address, which ends in "
                f"{GATEWAY_ENDING}, or leave AI_GATEWAY_TOKEN out"
            )
        bucket = {
            "R2_BUCKET": self.r2_bucket,
            "R2_ACCESS_KEY_ID": self.r2_access_key_id,
            "R2_SECRET_ACCESS_KEY": self.r2_secret_access_key,
        }
        any_r2 = {**bucket, "R2_ENDPOINT_URL": self.r2_endpoint_url}
        any_r2["R2_PUBLIC_URL"] = self.r2_public_url
        if any(any_r2.values()) and not all(bucket.values()):
            errors.append(_half_a_set(bucket))
        if self.r2_bucket and not (self.r2_endpoint_url or self.cloudflare_account_id):
            errors.append("R2_ENDPOINT_URL: set it, or CLOUDFLARE_ACCOUNT_ID from which it is made")
        errors.extend(self._cache_errors())
        errors.extend(self._provider_errors())
        if self.database_password is not None:
            errors.extend(self._password_errors())
        if 0 < self.allowance_size < self.max_query_cost:
            errors.append("ALLOWANCE: set it to MAX_QUERY_COST or more, or to 0 for no bound")
        errors.extend(self._provenance_errors())
        if errors:
            raise ValueError("\n".join(errors))
        return self

    def _cache_errors(self) -> Sequence[str]:
        zone: dict[str, object] = {"CLOUDFLARE_ZONE_ID": self.cloudflare_zone_id}
        zone["CLOUDFLARE_CACHE_TOKEN"] = self.cloudflare_cache_token
        if any(zone.values()) and not all(zone.values()):
            return [_half_a_set(zone)]
        if self.cloudflare_zone_id and self.r2_bucket and not self.r2_public_url:
            return ["R2_PUBLIC_URL: set it to the bucket's domain, or leave CLOUDFLARE_ZONE_ID out"]
        return ()

    def _provider_errors(self) -> Sequence[str]:
        errors = []
        provider = {"OIDC_ISSUER": self.oidc_issuer, "OIDC_AUDIENCE": self.oidc_audience}
        if any(provider.values()) and not all(provider.values()):
            errors.append(_half_a_set(provider))
        if self.oidc_issuer and self.auth != "keys":
            errors.append(
                "AUTH: set it to keys where OIDC_ISSUER is set, or callers are not authenticated"
            )
        if self.oidc_client_id and not self.oidc_issuer:
            errors.append("OIDC_ISSUER: set it where OIDC_CLIENT_ID is set, or leave that out")
        return errors

    def _provenance_errors(self) -> Sequence[str]:
        signing = {
            "PROVENANCE_CERTIFICATE": self.provenance_certificate,
            "PROVENANCE_PRIVATE_KEY": self.provenance_private_key,
        }
        if any(signing.values()) and not all(signing.values()):
            return [_half_a_set(signing)]
        if all(signing.values()) and not self.provenance:
            return ["PROVENANCE: set it to true, or leave PROVENANCE_CERTIFICATE out"]
        return ()

    def _password_errors(self) -> Sequence[str]:
        given = self.database_url.get_secret_value() if self.database_url is not None else None
        url = make_url(given) if given is not None else None
        if url is None or url.get_backend_name() == "sqlite":
            return [
                "DATABASE_PASSWORD: set it with a DATABASE_URL of postgresql://user@host/database"
            ]
        if url.password:
            return ["DATABASE_PASSWORD: DATABASE_URL has a password too; keep one of them"]
        return ()

    @property
    def server_url(self) -> str:
        """Where clients reach the server, without a trailing slash."""
        if self.public_url:
            return self.public_url
        host = self.host
        if is_unspecified_host(host):
            host = "localhost"
        elif ":" in host:
            host = f"[{host}]"
        return f"http://{host}:{self.port}"

    @property
    def server_origin(self) -> str:
        """The origin of the server's own pages, as browsers send it."""
        return origin_of(self.server_url)

    @property
    def requires_auth(self) -> bool | None:
        """Whether callers must authenticate; None if that must be decided first.

        By default they need not if the server is reachable only from this machine.
        """
        if self.auth is not None:
            return self.auth == "keys"
        return None if self.reached_by else False

    @property
    def reached_by(self) -> str | None:
        """Why other machines reach the server, for people; None if they do not.

        A proxy in front admits them even if HOST itself would not.
        """
        if not self.is_loopback:
            return f"HOST={self.host}"
        name = urlsplit(self.public_url or "").hostname
        if name is not None and not is_loopback_host(name):
            return f"PUBLIC_URL={self.public_url}"
        return "TRUSTED_PROXIES" if self.trusted_proxies else None

    @property
    def allowance_size(self) -> int:
        """The cost that a user may spend at once; 0: no limit.

        If unset, there is a limit where callers must authenticate.
        """
        if self.allowance is not None:
            return self.allowance
        return _ALLOWANCE if self.requires_auth else 0

    @property
    def host_names(self) -> tuple[str, ...] | None:
        """The host names that the server answers to; None: any.

        If unset, they are restricted where callers need not authenticate and only this machine
        should reach the server: there a page of another site could, by a name of its own for this
        machine.
        """
        if "*" in self.allowed_hosts:
            return None
        if not self.allowed_hosts and (self.requires_auth or not self.is_loopback):
            return None
        own = urlsplit(self.server_url).hostname or ""
        return (*self.allowed_hosts, own)

    @property
    def shows_playground(self) -> bool:
        """Whether browsers get the playground; not with trusted documents, unless set."""
        return self.trusted_documents is None if self.playground is None else self.playground

    @property
    def shows_studio(self) -> bool:
        """Whether browsers get the studio; by default where they get the playground."""
        return self.shows_playground if self.studio is None else self.studio

    @property
    def shows_documentation(self) -> bool:
        """Whether the server has the documentation; by default where it has the playground."""
        return self.shows_playground if self.documentation is None else self.documentation

    @property
    def is_loopback(self) -> bool:
        """Whether the server listens on loopback only."""
        return is_loopback_host(self.host)

    @property
    def images_dir(self) -> Path:
        """The folder of the image files if there is no bucket."""
        return self.data_dir / "images"

    @property
    def r2_endpoint(self) -> str:
        """The URL of R2's S3 API."""
        return self.r2_endpoint_url or (
            f"https://{self.cloudflare_account_id}.r2.cloudflarestorage.com"
        )

    @property
    def sqlalchemy_url(self) -> URL:
        """The URL of the database with the driver that the server uses."""
        if self.database_url is None:
            return URL.create(DRIVERS["sqlite"], database=str(self.data_dir / "gql_server.db"))
        url = make_url(self.database_url.get_secret_value())
        if self.database_password is not None:
            url = url.set(password=self.database_password.get_secret_value())
        return url.set(drivername=DRIVERS[url.drivername])

    @property
    def database_label(self) -> str:
        """The database for people: without the password."""
        url = self.sqlalchemy_url
        if url.get_backend_name() == "sqlite":
            return str(url.database)
        # libpq reads these from the query, too, and it may contain passwords.
        host = url.host or url.query.get("host") or ""
        known = URL.create(
            "postgresql",
            username=url.username,
            host=host if isinstance(host, str) else ",".join(host),
            port=url.port,
            database=url.database,
        )
        return known.render_as_string()

    @property
    def database_setting(self) -> str:
        """The setting that says where the database is."""
        return "DATA_DIR" if self.database_url is None else "DATABASE_URL"

    @property
    def effective_log_format(self) -> Literal["console", "json"]:
        """The default format of the log."""
        if self.log_format is not None:
            return self.log_format
        return "json" if self.sqlalchemy_url.get_backend_name() == "postgresql" else "console"


def load_settings(**overrides: Any) -> Settings:
    """Read the environment and ``.env``.

    Args:
        overrides: Settings by field name, which override the environment.

    Raises:
        SettingsError: Names every invalid setting and how to fix it; shows no secret.
    """
    try:
        _env_file_places()
        return Settings(**overrides)
    except (EnvFileError, SecretFileError) as error:
        raise SettingsError(str(error)) from None
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(part) for part in one['loc'][:1]).upper()}: {_plain(one['msg'])}"
            if one["loc"]
            else _plain(one["msg"])
            for one in error.errors(include_input=False, include_url=False)
        ]
        lines += map(str, misspelled_settings())
        raise SettingsError("\n".join(lines)) from None


def misspelled_settings() -> Sequence[Misspelling]:
    """Find names in ``.env`` and in the environment that are similar to those of settings.

    Raises:
        EnvFileError: ``.env`` cannot be read.
    """
    settings = [name.upper() for name in Settings.model_fields]
    settings += secret_names(Settings.model_fields)
    return [*find_misspellings(_env_file_places(), os.environ, settings=settings)]


def _env_file_places() -> Mapping[str, str]:
    file = Settings.model_config.get("env_file")
    return check_env_file(Path(file)) if isinstance(file, str) else {}


def _half_a_set(names: Mapping[str, object]) -> str:
    missing = [name for name, value in names.items() if not value]
    return f"{', '.join(missing)}: missing; set all of {', '.join(names)}, or none"


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")
