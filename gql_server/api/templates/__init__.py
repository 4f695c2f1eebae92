"""Templates in the GraphQL schema."""
