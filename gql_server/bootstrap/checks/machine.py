"""Checks of the machine, and of how others reach the server."""

import os
import resource
import shutil
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Final

from gql_server.bootstrap.checks.finding import Finding, failure, ok, warning
from gql_server.pages.not_built import HOW_TO_BUILD, pages_are_built
from gql_server.settings import Settings

_MIN_FREE_BYTES: Final = 1024**3
_OTHER_FILES: Final = 100
"""Files besides connections: the database, logs, images that are read."""

_FOLDER_FIX: Final = "Set DATA_DIR to a folder that the server's user can write to."
_EVERYONE: Final = {ip_network("0.0.0.0/0"), ip_network("::/0")}


def check_machine(settings: Settings) -> Iterator[Finding]:
    """Check disk, open files, access, proxy headers and pages."""
    yield _disk(settings)
    yield _open_files(settings)
    yield _access(settings)
    yield from _proxy(settings)
    if (settings.shows_playground or settings.shows_studio) and not pages_are_built():
        yield warning("pages", "The pages for browsers are not built.", HOW_TO_BUILD)


def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir.absolute()
    try:
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return failure("disk", f"{folder} cannot be used: {error.strerror}.", _FOLDER_FIX)
    is_complete = settings.database_url and settings.r2_bucket  # elsewhere
    is_written = folder != settings.data_dir.absolute() or not is_complete
    if not folder.is_dir() or (is_written and not os.access(folder, os.W_OK | os.X_OK)):
        text = f"{folder} is not a folder that this user can write to."
        return failure("disk", text, _FOLDER_FIX)
    text = f"{free / 1024**3:.1f} GiB are free at {folder}."
    if free < _MIN_FREE_BYTES:
        return warning("disk", text, "Free some space, or set DATA_DIR to a larger disk.")
    return ok("disk", text)


def _open_files(settings: Settings) -> Finding:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = settings.max_connections + settings.database_pool_size + _OTHER_FILES
    text = f"A process may open {soft} files; MAX_CONNECTIONS and the database may need {needed}."
    if soft != resource.RLIM_INFINITY and soft < needed:
        return warning(
            "open files",
            text,
            f"Raise the limit (`ulimit -n {needed}`, LimitNOFILE={needed} in systemd), or lower "
            "MAX_CONNECTIONS.",
        )
    return ok("open files", text)


def _access(settings: Settings) -> Finding:
    if settings.requires_auth is None:
        return failure(
            "access",
            f"Other machines can reach the server ({settings.reached_by}), and AUTH is not set.",
            "Set AUTH=keys, or AUTH=none where something else authenticates callers.",
        )
    if settings.requires_auth:
        return ok("access", "Callers must authenticate.")
    if settings.reached_by:
        return warning(
            "access",
            f"Everyone who reaches the server ({settings.reached_by}) is an admin and can spend "
            "money.",
            "Set AUTH=keys, unless something else authenticates callers.",
        )
    return ok("access", "Only this machine reaches the server; every caller is an admin.")


def _proxy(settings: Settings) -> Iterator[Finding]:
    if _EVERYONE & set(settings.trusted_proxies):
        yield warning(
            "proxy",
            "TRUSTED_PROXIES trusts every address: any client can claim any address.",
            "Name only the networks of your proxies.",
        )
    elif settings.public_url and settings.public_url.startswith("https://"):
        if settings.trusted_proxies:
            yield ok("proxy", "X-Forwarded-For is read from TRUSTED_PROXIES.")
        else:
            yield warning(
                "proxy",
                "PUBLIC_URL is HTTPS, which a proxy must provide, but TRUSTED_PROXIES is empty: "
                "every client has the proxy's address, in limits and in the log.",
                "Set TRUSTED_PROXIES to the proxy's address, such as 127.0.0.1, and let it send "
                "X-Forwarded-For.",
            )
