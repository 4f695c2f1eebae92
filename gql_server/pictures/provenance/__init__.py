"""Marks in image files that say how the image was made: IPTC by XMP, and C2PA manifests."""
