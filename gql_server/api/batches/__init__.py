"""Batches in the GraphQL schema."""
