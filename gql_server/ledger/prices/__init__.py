"""Prices of images."""
