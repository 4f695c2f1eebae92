"""The command line."""

from gql_server.cli.root import cli


def main() -> None:
    """Run the command line."""
    cli()
