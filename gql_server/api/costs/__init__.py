"""Cost analytics and estimates in the GraphQL schema."""
