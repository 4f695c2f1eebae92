"""Erasing for good: images, everything of a user, and what is older than the settings keep."""
