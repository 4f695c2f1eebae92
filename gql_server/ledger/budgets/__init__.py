"""Budgets, their alerts and the money reserved for running work."""
