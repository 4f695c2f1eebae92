"""The command line."""

from gql_server.cli.root import cli, main

__all__ = ["cli", "main"]
