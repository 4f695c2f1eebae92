"""Errors: their statuses, their form in JSON, and the translation of each."""
