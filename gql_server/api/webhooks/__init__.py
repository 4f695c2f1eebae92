"""Webhooks in the GraphQL schema."""
