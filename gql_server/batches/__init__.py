"""Batches of images: accepted together, generated one by one, each item completed once."""
