"""The REST API: the same use cases as GraphQL, in the shapes of the service it replaces."""
