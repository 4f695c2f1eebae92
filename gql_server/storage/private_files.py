"""Files and folders that belong to the server's own user alone."""

import os
import stat
from pathlib import Path
from typing import Final

_OWN_NAMES: Final = ("gql_server", "jobs", "images", "url_signing_secret", "webhook_secret", ".")
"""How the names of everything begin that the server keeps in its folder."""

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def make_new_files_private() -> None:
    """Have every file and folder that this process makes belong to its user alone.

    There is no moment at which another user could open one.
    """
    os.umask(_OTHERS)


def close_to_others(path: Path) -> None:
    """Take the rights of other users away from a file or folder, if it is there and ours.

    What lies in a folder that others cannot enter is closed to them, too.
    """
    try:
        status = path.stat()
        if status.st_mode & _OTHERS and status.st_uid == os.geteuid():
            path.chmod(stat.S_IMODE(status.st_mode) & ~_OTHERS)
    except (OSError, AttributeError):  # not there, not ours, or a system without such rights
        return


def close_folder_to_others(folder: Path) -> bool:
    """Do the same to a folder in which nobody else keeps anything; return False for any other.

    The operator may have named a folder that many use, such as ``/tmp``.
    """
    try:
        is_shared = folder.stat().st_mode & stat.S_ISVTX or any(
            not entry.name.startswith(_OWN_NAMES) for entry in folder.iterdir()
        )
    except OSError:
        return False
    if not is_shared:
        close_to_others(folder)
    return not is_shared
