"""Budgets in the GraphQL schema."""
