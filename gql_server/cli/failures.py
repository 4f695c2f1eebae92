"""How a failing command ends. Imported only then: it knows the errors of every part."""

import os
import sys
from contextlib import suppress

from gql_server.bootstrap.operator_errors import describe
from gql_server.cli.start import fail, settings_read


def fail_with(error: Exception) -> None:
    """End the command with a message where an operator can fix the error; return where not."""
    message = describe(error, settings_read.get())
    if message is not None:
        _end_output()
        fail(message)


def _end_output() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        # What a full disk did not take, the interpreter would report once more when it ends.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
