"""Decoding, measuring, resizing and sketching pictures, whatever their source."""
