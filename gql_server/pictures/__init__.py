"""Decoding, measuring and resizing images from any source."""
