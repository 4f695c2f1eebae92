"""Every setting as the server understands it, and where its value comes from."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from gql_server.settings import Settings
from gql_server.settings.env_file import check_env_file
from gql_server.settings.secret_files import ENDING, is_secret

_MASKED: Final = "********"


@dataclass(frozen=True, slots=True)
class Understood:
    """A setting.

    Attributes:
        name: Its name.
        value: Its value as text; of a secret only whether it is set.
        source: ``default``, ``environment``, the file and the line, or the file of a secret.
    """

    name: str
    value: str
    source: str


def understood_settings(settings: Settings) -> Iterator[Understood]:
    """Yield every setting, in the order of docs/settings.md."""
    file = Settings.model_config.get("env_file")
    written = check_env_file(Path(file)) if isinstance(file, str) else {}
    places = {name.upper(): place for name, place in written.items()}
    given = {name.upper(): value for name, value in os.environ.items()}
    for field, info in type(settings).model_fields.items():
        name = field.upper()
        value = getattr(settings, field)
        text = settings.database_label if name == "DATABASE_URL" and value else _shown(value)
        yield Understood(name, text, _source(name, given, places, may_be_file=is_secret(info)))


def _source(
    name: str, given: Mapping[str, str], places: Mapping[str, str], *, may_be_file: bool
) -> str:
    if given.get(name):
        return "environment"
    if name in places:
        return places[name]
    named = f"{name}{ENDING}"
    if may_be_file and given.get(named):
        return f"{named} in the environment: {given[named]}"
    if may_be_file and named in places:
        return f"{named} in {places[named]}"
    return "default"


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case SecretStr():
            return _MASKED
        case bool():
            return str(value).lower()
        case tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)
