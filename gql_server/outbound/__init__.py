"""Requests to hosts that others name: never into our own network."""
