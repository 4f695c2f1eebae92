"""Objects that the client returns."""
