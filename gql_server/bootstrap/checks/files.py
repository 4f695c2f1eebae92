"""Checks of the files, certificates and extras that settings name, each by reading it."""

from collections.abc import Callable, Iterator
from typing import Final

from gql_server.bootstrap.checks.finding import Finding, failure, ok
from gql_server.bootstrap.operator_errors import describe
from gql_server.bootstrap.provenance import marker_of
from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.overrides import OverridesError, read_overrides
from gql_server.ledger.prices.price_book import load_price_book
from gql_server.settings import Settings
from gql_server.telemetry.tracing import TracingMissing, check_tracing


def check_files(settings: Settings) -> Iterator[Finding]:
    """Check models, prices, trusted documents, the signing of images, and tracing."""
    for part, check in _CHECKS.items():
        try:
            check(settings)
        except TracingMissing as error:
            yield failure(part, str(error))
        except Exception as error:
            reason = describe(error, settings)
            if reason is None:
                raise
            yield failure(part, reason)
        else:
            yield ok(part, "What the settings name can be used.")


def _models(settings: Settings) -> None:
    load_catalogue(overrides=read_overrides(settings.model_overrides))


def _price_book(settings: Settings) -> None:
    try:
        catalogue = load_catalogue(overrides=read_overrides(settings.model_overrides))
    except OverridesError:
        catalogue = load_catalogue()  # an error of its own
    load_price_book(catalogue, settings.price_book)


def _trusted_documents(settings: Settings) -> None:
    if settings.trusted_documents is None:
        return
    # The schema takes a second to build.
    from gql_server.bootstrap.web import check_trusted_documents  # noqa: PLC0415 - see above

    check_trusted_documents(settings)


def _provenance(settings: Settings) -> None:
    marker_of(settings)


def _traces(_settings: Settings) -> None:
    check_tracing()


_CHECKS: Final[dict[str, Callable[[Settings], None]]] = {
    "models": _models,
    "prices": _price_book,
    "trusted documents": _trusted_documents,
    "provenance": _provenance,
    "traces": _traces,
}
