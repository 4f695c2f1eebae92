"""Where the server is, and the caller's key: given, or from the environment."""

import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gql_server.text_files import TextFileError, read_secret

URL_VARIABLE: Final = "GQL_SERVER_URL"
KEY_VARIABLE: Final = "GQL_SERVER_KEY"
KEY_FILE_VARIABLE: Final = f"{KEY_VARIABLE}_FILE"
DEFAULT_URL: Final = "http://127.0.0.1:8000"


def server_url(url: str | None) -> str:
    """Return the address of the server, without a slash at its end.

    Raises:
        ValueError: It is no address of a server, or has a password in it.
    """
    chosen = url or os.environ.get(URL_VARIABLE) or DEFAULT_URL
    try:
        parts = urlsplit(chosen)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ValueError(f"url: give an address such as {DEFAULT_URL}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"url: give only the address; set the key in {KEY_VARIABLE}.")
    return chosen.rstrip("/")


def api_key_of(api_key: str | None) -> str | None:
    """Return the caller's API key; None where there is none.

    Raises:
        ValueError: It cannot be read, or cannot be sent.
    """
    key = api_key if api_key is not None else _key_from_environment()
    if key and not (key.isascii() and key.isprintable()):
        raise ValueError("api_key: the key has characters that no key has.")
    return key or None


def _key_from_environment() -> str | None:
    key, file = os.environ.get(KEY_VARIABLE), os.environ.get(KEY_FILE_VARIABLE)
    if key and file:
        raise ValueError(f"{KEY_FILE_VARIABLE}: set it or {KEY_VARIABLE}, not both.")
    if not file:
        return key
    try:
        return read_secret(Path(file))
    except TextFileError as error:
        raise ValueError(f"{KEY_FILE_VARIABLE}: {error}") from error
