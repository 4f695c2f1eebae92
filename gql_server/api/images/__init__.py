"""Images in the GraphQL schema."""
