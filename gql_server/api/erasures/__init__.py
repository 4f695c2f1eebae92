"""Purging images: one, or all of a list."""
