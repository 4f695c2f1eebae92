"""Connections, transactions, pages and notifications on SQLite and PostgreSQL."""
