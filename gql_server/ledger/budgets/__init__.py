"""Budgets, their alerts and the money held for running work."""
