"""Types of settings: values in the form of the environment, validated and parsed."""

import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from gql_server.settings.addresses import Network, http_url, listen_host, network, page_origin

DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
"""The driver for each scheme of DATABASE_URL."""

_MIN_SECRET_LENGTH: Final = 32
_HOST: Final = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_ESCAPES: Final = (
    "write %40 for @, %3A for :, %2F for /, %23 for #, %3F for ? and %25 for %, or set "
    "DATABASE_PASSWORD, which takes them as they are"
)
_WEBHOOK_PREFIX = "whsec_"
_WEBHOOK_KEY_BYTES = range(24, 65)


def _is_issuer(value: str) -> str:
    # Unchanged: tokens name their issuer literally, with or without a trailing slash.
    http_url(value)
    return value


def _is_token(value: SecretStr) -> SecretStr:
    secret = value.get_secret_value()
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ValueError(
            "tokens have only ASCII characters and no spaces; check that you copied it correctly"
        )
    return value


def _is_database_url(value: SecretStr) -> SecretStr:
    # Messages quote none of it: parts of an unescaped password may end up in any component.
    given = value.get_secret_value()
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        url = None
    is_known = url is not None and url.drivername in DRIVERS
    if url is None or not is_known or not url.database or url.database == ":memory:":
        raise ValueError(
            "give sqlite:///path/to/file.db or postgresql://user:password@host/database; in a "
            f"password {_ESCAPES}"
        )
    if url.drivername != "sqlite" and _has_unescaped_password(given, url):
        raise ValueError(f"there is an @ too many: in a password {_ESCAPES}")
    return value


def _has_unescaped_password(given: str, url: URL) -> bool:
    ends = 1 + (url.username or "").count("@")
    return given.count("@") > ends or "@" in f"{url.host}{url.database}"


def _in_lower_case(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _read_networks(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(network(one.strip()) for one in value.split(",") if one.strip())


def _are_long_secrets(value: SecretStr) -> SecretStr:
    secrets = value.get_secret_value().split()
    if not secrets or min(map(len, secrets)) < _MIN_SECRET_LENGTH:
        raise ValueError(
            f"give at least {_MIN_SECRET_LENGTH} random characters without a space, or several "
            "such secrets separated by spaces"
        )
    return value


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _is_host(value: str) -> str:
    name = value.lower().removesuffix(".")
    if value != "*" and not _HOST.fullmatch(name):
        raise ValueError(f"give names such as api.example.com or *.example.com, not {value}")
    return name


def _is_automatic(value: object) -> object:
    return None if isinstance(value, str) and value.lower() == "auto" else value


def split_webhook_secrets(value: SecretStr) -> tuple[str, ...]:
    """Split a setting of several secrets."""
    return tuple(value.get_secret_value().replace(",", " ").split())


def _are_webhook_secrets(value: SecretStr) -> SecretStr:
    secrets = split_webhook_secrets(value)
    for secret in secrets:
        try:
            key = b64decode(secret.removeprefix(_WEBHOOK_PREFIX), validate=True)
        except ValueError:
            key = b""
        if not secret.startswith(_WEBHOOK_PREFIX) or len(key) not in _WEBHOOK_KEY_BYTES:
            raise ValueError("give whsec_ and 24 to 64 random bytes in base64; several with spaces")
    if not secrets:
        raise ValueError("give at least one secret, or leave it unset")
    return value


def _read_aliases(value: object) -> object:
    if not isinstance(value, str):
        return value
    found: dict[str, tuple[str, ...]] = {}
    for part in value.split(","):
        name, equals, models = (one.strip() for one in part.partition("="))
        if not part.strip():
            continue
        if not equals or not name:
            raise ValueError("give name=model, with commas between names and spaces between models")
        if name in found:
            raise ValueError(f"{name} is there twice")
        found[name] = tuple(models.split())
    return found


HttpAddress = Annotated[str, AfterValidator(http_url)]
"""A URL without a trailing slash."""

Issuer = Annotated[str, AfterValidator(_is_issuer)]
Token = Annotated[SecretStr, AfterValidator(_is_token)]
WebhookSecrets = Annotated[SecretStr, AfterValidator(_are_webhook_secrets)]
LongSecrets = Annotated[SecretStr, AfterValidator(_are_long_secrets)]
DatabaseAddress = Annotated[SecretStr, AfterValidator(_is_database_url)]
ListenHost = Annotated[str, AfterValidator(listen_host)]
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_read_networks)]
Origins = Annotated[
    tuple[Annotated[str, AfterValidator(page_origin)], ...], NoDecode, BeforeValidator(_split)
]
Hosts = Annotated[
    tuple[Annotated[str, AfterValidator(_is_host)], ...], NoDecode, BeforeValidator(_split)
]
ModelAliases = Annotated[
    Mapping[str, tuple[str, ...]] | None, NoDecode, BeforeValidator(_read_aliases)
]
"""IDs of models by the names that stand for them."""

Switch = Annotated[bool | None, BeforeValidator(_is_automatic)]
"""On, off, or None: depending on other settings."""

AnyCase = BeforeValidator(_in_lower_case)
"""Words are accepted in capitals, too."""
