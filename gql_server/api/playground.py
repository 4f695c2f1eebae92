"""The playground of this API: GraphiQL with operations that a stranger can run."""

from importlib import resources

from gql_server.graphql.server.playground import playground_page


def api_playground() -> str:
    """Return the playground's page."""
    example = resources.files(__package__).joinpath("playground.graphql").read_text("utf-8")
    return playground_page(title="gql_server", example=example)
