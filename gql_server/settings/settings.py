"""The settings, from the environment and ``.env``: checked together, and what follows from them."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from sqlalchemy.engine import URL, make_url

from gql_server.settings.addresses import client_address, origin_of
from gql_server.settings.env_file import (
    EnvFileError,
    Misspelling,
    check_env_file,
    find_misspellings,
)
from gql_server.settings.fields import SettingFields
from gql_server.settings.secret_files import SecretFileError, SecretFiles, secret_names
from gql_server.settings.types import DRIVERS

GATEWAY_ENDING: Final = "/workers-ai"
"""How the address of an AI Gateway ends."""

_ALLOWANCE: Final = 1_000_000


class SettingsError(Exception):
    """A setting is wrong; each line of the message names one and says how to mend it."""


class Settings(SettingFields):
    """What an operator has set, of which each part agrees with the others."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - a folder of them
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Add the files of secrets to where settings come from."""
        files = SecretFiles(settings_cls, env_settings, dotenv_settings)
        return init_settings, env_settings, dotenv_settings, files

    @model_validator(mode="after")
    def _sets_are_whole(self) -> Self:
        faults: list[str] = []
        account = {
            "CLOUDFLARE_ACCOUNT_ID": self.cloudflare_account_id,
            "CLOUDFLARE_API_TOKEN": self.cloudflare_api_token,
        }
        if any(account.values()) and not all(account.values()):
            faults.append(_half_a_set(account))
        if self.ai_gateway_token and not self.workers_ai_base_url.endswith(GATEWAY_ENDING):
            faults.append(
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
            faults.append(_half_a_set(bucket))
        if self.r2_bucket and not (self.r2_endpoint_url or self.cloudflare_account_id):
            faults.append("R2_ENDPOINT_URL: set it, or CLOUDFLARE_ACCOUNT_ID from which it is made")
        provider = {"OIDC_ISSUER": self.oidc_issuer, "OIDC_AUDIENCE": self.oidc_audience}
        if any(provider.values()) and not all(provider.values()):
            faults.append(_half_a_set(provider))
        if self.database_password is not None:
            faults.extend(self._password_faults())
        if self.oidc_issuer and self.auth != "keys":
            faults.append(
                "AUTH: set it to keys where OIDC_ISSUER is set, or callers are not authenticated"
            )
        if 0 < self.allowance_size < self.max_query_cost:
            faults.append("ALLOWANCE: set it to MAX_QUERY_COST or more, or to 0 for no bound")
        if faults:
            raise ValueError("\n".join(faults))
        return self

    def _password_faults(self) -> Sequence[str]:
        given = self.database_url.get_secret_value() if self.database_url is not None else None
        url = make_url(given) if given is not None else None
        if url is None or url.get_backend_name() == "sqlite":
            return [
                "DATABASE_PASSWORD: it is for a DATABASE_URL of postgresql://user@host/database"
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
        if _is_unspecified(host):
            host = "localhost"
        elif ":" in host:
            host = f"[{host}]"
        return f"http://{host}:{self.port}"

    @property
    def server_origin(self) -> str:
        """The origin of the server's own pages, as browsers send it."""
        return origin_of(self.server_url)

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
    def shows_playground(self) -> bool:
        """Whether browsers get the playground; not with trusted documents, unless set."""
        return self.trusted_documents is None if self.playground is None else self.playground

    @property
    def shows_studio(self) -> bool:
        """Whether browsers get the studio; by default where they get the playground."""
        return self.shows_playground if self.studio is None else self.studio

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
        if self.database_password is not None:
            url = url.set(password=self.database_password.get_secret_value())
        return url.set(drivername=DRIVERS[url.drivername])

    @property
    def database_label(self) -> str:
        """Which database it is, for people: without the password."""
        url = self.sqlalchemy_url
        if url.get_backend_name() == "sqlite":
            return str(url.database)
        # libpq takes these from the query too, where passwords may be as well.
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
        _env_file_places()
        return Settings(**overrides)
    except (EnvFileError, SecretFileError) as error:
        raise SettingsError(str(error)) from None
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(part) for part in fault['loc'][:1]).upper()}: {_plain(fault['msg'])}"
            if fault["loc"]
            else _plain(fault["msg"])
            for fault in error.errors(include_input=False, include_url=False)
        ]
        lines += map(str, misspelled_settings())
        raise SettingsError("\n".join(lines)) from None


def misspelled_settings() -> Sequence[Misspelling]:
    """Find the names in ``.env`` and in the environment that are much like those of settings.

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


def _is_loopback(host: str) -> bool:
    address = client_address(host)
    return host == "localhost" if address is None else address.is_loopback


def _is_unspecified(host: str) -> bool:
    address = client_address(host)
    return address is not None and address.is_unspecified


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")
