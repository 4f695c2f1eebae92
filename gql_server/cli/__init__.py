"""The command line."""

import gc


def main() -> None:
    """Run the command line."""
    # None of what the modules make is garbage: to look at it again and again takes a third of the
    # time that the start takes, and most of the end.
    gc.disable()
    from gql_server.cli.root import cli  # noqa: PLC0415 - see above

    gc.freeze()
    gc.enable()
    cli()
