"""The file ``.env``, checked before it is read: lines that set nothing, and misspelled names."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Final

from dotenv.parser import Binding, parse_stream

from gql_server.text_files import TextFileError, read_text

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_FILE_SIMILARITY: Final = 0.75
"""How similar two names must be, of 1: CF_API_TOKEN is reported as CLOUDFLARE_API_TOKEN."""
_ENVIRONMENT_SIMILARITY: Final = 0.88
"""Environments hold variables of other programs. CLOUDFLARE_TOKEN and CLOUDFLARE_API_TOKEN match by
0.89; AWS_SECRET_ACCESS_KEY and R2_SECRET_ACCESS_KEY, or Kubernetes' DATABASE_PORT and DATABASE_URL,
by less."""
_FILE_ENDING: Final = "_FILE"


class EnvFileError(Exception):
    """The file cannot be used; each line of the message names one of its lines, and the fix."""


@dataclass(frozen=True, slots=True)
class Misspelling:
    """A name that sets nothing, but is similar to one that would.

    Attributes:
        name: The name as it is written.
        place: Where it is written: a file and a line, or the environment.
        meant: The most similar setting.
    """

    name: str
    place: str
    meant: str

    def __str__(self) -> str:
        """Return a sentence for people."""
        return f"{self.place}: {self.name} is not a setting; did you mean {self.meant}?"


def check_env_file(path: Path) -> Mapping[str, str]:
    """Check a file of settings.

    Returns:
        The places of the names that it sets: file and line.

    Raises:
        EnvFileError: It cannot be read, or has lines that set nothing.
    """
    if not path.exists():
        return {}
    try:
        text = read_text(path)
    except TextFileError as error:
        raise EnvFileError(str(error)) from error
    places: dict[str, str] = {}
    wrong: list[str] = []
    for binding in parse_stream(StringIO(text)):
        place = f"{path}, line {_line(binding)}"
        if binding.error or (binding.key is not None and not _sets(binding)):
            wrong.append(f"{place}: this line sets nothing; write NAME=value, or # before a note")
        elif binding.key is not None:
            places[binding.key] = place
    if wrong:
        raise EnvFileError("\n".join(wrong))
    return places


def find_misspellings(
    places: Mapping[str, str], environment: Collection[str], *, settings: Collection[str]
) -> Iterator[Misspelling]:
    """Find names that are similar to those of settings.

    In the environment, which holds variables of other programs, a name counts only if the similar
    setting is not set.

    Args:
        places: The names of ``.env``, and where each is written.
        environment: The names of the environment.
        settings: The names that set something, in capitals.
    """
    for name, place in places.items():
        meant = _meant(name.upper(), settings, _FILE_SIMILARITY)
        if meant is not None:
            yield Misspelling(name, place, meant)
    given = {name.upper() for name in (*places, *environment)}
    for name in sorted(set(environment) - set(places)):
        meant = _meant(name.upper(), settings, _ENVIRONMENT_SIMILARITY)
        if meant is not None and meant not in given and _first_word(name) == _first_word(meant):
            yield Misspelling(name, "environment", meant)


def _sets(binding: Binding) -> bool:
    return binding.value is not None and _NAME.fullmatch(binding.key or "") is not None


def _line(binding: Binding) -> int:
    """Return the number of its first line that is not blank."""
    original = binding.original.string
    blank = original[: len(original) - len(original.lstrip())]
    return binding.original.line + len(re.findall(r"\r\n|\n|\r", blank))


def _first_word(name: str) -> str:
    return name.upper().partition("_")[0]


def _meant(name: str, settings: Collection[str], similarity: float) -> str | None:
    if name in settings:
        return None
    stem = name.removesuffix(_FILE_ENDING)
    if stem in settings:
        return stem
    return next(iter(get_close_matches(name, settings, n=1, cutoff=similarity)), None)
