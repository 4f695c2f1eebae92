"""The GraphQL engine: serves any Strawberry schema within bounds, and knows no type of this API."""
