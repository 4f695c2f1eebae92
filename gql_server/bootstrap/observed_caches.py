"""The caches of the GraphQL API whose sizes are metrics; workers have none."""

from gql_server.bootstrap.metrics import CountedCache, Observed
from gql_server.graphql.server.view import GraphQLView
from gql_server.web.renditions import Renditions


def observed_caches(view: GraphQLView, renditions: Renditions | None) -> Observed:
    """Return the caches of the GraphQL API, and of resized images if there are any."""
    documents = view.engine.documents
    counted: dict[str, CountedCache] = {"documents": documents}
    if renditions is not None:
        counted["renditions"] = renditions
    plans, persisted = view.engine.plans.cache, view.persisted.cache
    return Observed(
        caches={"plans": plans, "persisted_documents": persisted}, counted_caches=counted
    )
