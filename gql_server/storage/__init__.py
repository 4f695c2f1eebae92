"""Stores of image files: a folder or R2."""
