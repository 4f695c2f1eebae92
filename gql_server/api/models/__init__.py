"""Models in the GraphQL schema."""
