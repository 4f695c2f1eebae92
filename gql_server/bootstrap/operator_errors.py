"""Messages for errors that an operator can fix."""

import errno
import sqlite3

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from gql_server.backup.errors import BackupError, ServerRuns
from gql_server.bootstrap.resources import RIGHTS, StartError, describe_database_error
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.engine.migration import DatabaseNewer, DatabaseOutdated
from gql_server.database.engine.rights import is_denied
from gql_server.domain.errors import DomainError, Rejected
from gql_server.graphql.execution.trusted_errors import TrustedDocumentsError
from gql_server.inference.catalogue import CatalogueError
from gql_server.inference.overrides import OverridesError
from gql_server.ledger.prices.files import PriceBookError
from gql_server.settings import Settings, SettingsError


def describe(error: BaseException, settings: Settings | None) -> str | None:
    """Return what is wrong, and which setting or file to check; it contains no secret.

    Args:
        error: What ended a command or a start.
        settings: The settings, if they were read.

    Returns:
        The message, or None if an operator cannot fix the error.
    """
    words: str | None = None
    match error:
        case SettingsError() | StartError() | CatalogueError() | BackupError() | ServerRuns():
            words = str(error)
        case OverridesError():
            words = f"MODEL_OVERRIDES: {error}"
        case PriceBookError():
            words = f"PRICE_BOOK: {error}"
        case TrustedDocumentsError():
            words = f"TRUSTED_DOCUMENTS: {error}"
        case Rejected():
            words = "\n".join(one.message for one in error.errors)
        case DomainError():
            words = error.message
        case UnicodeEncodeError():
            words = (
                f"The output's encoding, {error.encoding}, has no {error.object[error.start]!a}; "
                "set PYTHONIOENCODING=utf-8"
            )
        case OSError() if error.errno != errno.EPIPE:  # the reader of the pipe knows why it stopped
            words = error.strerror or str(error)
            words = f"{error.filename}: {words}" if error.filename else words
        case _ if settings is not None:
            words = _database_words(error, settings)
    return words


def _database_words(error: BaseException, settings: Settings) -> str | None:
    name = settings.database_setting
    match error:
        case DatabaseOutdated():
            return f"{name}: {error}. Run `gql-server migrate`."
        case DatabaseNewer():
            return f"{name}: {error}"
        case DatabaseUnavailable() | SQLAlchemyError() | psycopg.Error() | sqlite3.Error():
            rights = f"; {RIGHTS}" if is_denied(error) else ""
            return f"{name}: {describe_database_error(error, settings)}{rights}"
    return None
