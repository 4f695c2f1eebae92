"""A request for an image: what it contains, whether it is valid, and what it costs."""
