"""API keys in the GraphQL schema."""
