"""Files and folders that only the server's own user can access."""

import os
import stat
from pathlib import Path
from typing import Final

_OWN_NAMES: Final = ("gql_server", "jobs", "images", "url_signing_secret", "webhook_secret", ".")
"""The prefix of everything that the server keeps in its folder."""

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def make_new_files_private() -> None:
    """Make every file and folder that this process creates accessible to its user only.

    No other user can open one at any moment.
    """
    os.umask(_OTHERS)


def close_to_others(path: Path) -> None:
    """Revoke other users' access to a file or folder, if it exists and is ours.

    Files in a folder that others cannot enter are inaccessible, too.
    """
    try:
        status = path.stat()
        if status.st_mode & _OTHERS and status.st_uid == os.geteuid():
            path.chmod(stat.S_IMODE(status.st_mode) & ~_OTHERS)
    except (OSError, AttributeError):  # missing, not ours, or a system without such permissions
        return


def close_folder_to_others(folder: Path) -> bool:
    """Do the same for a folder that holds only the server's files; return False for others.

    The operator may have chosen a shared folder, such as ``/tmp``.
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
