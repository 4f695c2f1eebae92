"""Registering what erases in the background."""

from gql_server.erasure.purge_runner import register_purges
from gql_server.erasure.retention import Retention, register_retention
from gql_server.generation.services import Services


def register_erasure(services: Services, retention: Retention) -> None:
    """Register the job that purges many images, and the sweep for what is too old."""
    register_purges(services)
    register_retention(services, retention)
