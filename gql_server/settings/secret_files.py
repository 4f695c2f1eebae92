"""Secrets from files, as containers provide them: ``…_FILE`` beside each secret setting."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

from gql_server.text_files import TextFileError, read_secret

ENDING: Final = "_FILE"


class SecretFileError(Exception):
    """A secret's file cannot be used; each line of the message names a setting."""


class SecretFiles(PydanticBaseSettingsSource):
    """Reads each secret ``NAME`` from the file that ``NAME_FILE`` names."""

    def __init__(
        self, settings_class: type[BaseSettings], *sources: PydanticBaseSettingsSource
    ) -> None:
        """Take the settings, and the sources of their variables, by precedence."""
        super().__init__(settings_class)
        self._sources: Final = [one for one in sources if isinstance(one, EnvSettingsSource)]

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the secret, or None if no file is named."""
        name = f"{field_name.upper()}{ENDING}"
        path = self._variable(name.lower())
        if path is None or not is_secret(field):
            return None, field_name, False
        if self._variable(field_name):
            raise SecretFileError(f"{name}: set it or {field_name.upper()}, not both")
        return _secret_in(name, path), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return every secret from a file.

        Raises:
            SecretFileError: A file cannot be used.
        """
        found: dict[str, Any] = {}
        wrong: list[str] = []
        for name, field in self.settings_cls.model_fields.items():
            try:
                value, key, _ = self.get_field_value(field, name)
            except SecretFileError as error:
                wrong.append(str(error))
            else:
                if value is not None:
                    found[key] = value
        if wrong:
            raise SecretFileError("\n".join(wrong))
        return found

    def _variable(self, name: str) -> str | None:
        values = (source.env_vars.get(name) for source in self._sources)
        return next((value for value in values if value), None)


def secret_names(fields: Mapping[str, FieldInfo]) -> Iterator[str]:
    """Return the names of the variables that name files, in capitals."""
    return (f"{name.upper()}{ENDING}" for name, field in fields.items() if is_secret(field))


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting is a secret."""
    return SecretStr in {field.annotation, *_parts(field.annotation)}


def _secret_in(name: str, path: str) -> str:
    try:
        return read_secret(Path(path))
    except TextFileError as error:
        raise SecretFileError(f"{name}: {error}") from error


def _parts(annotation: Any) -> Iterator[Any]:
    for part in get_args(annotation):
        yield part
        yield from _parts(part)
