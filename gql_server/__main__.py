"""Runs the command line as ``python -m gql_server``."""

from gql_server.cli import main

if __name__ == "__main__":
    main()
