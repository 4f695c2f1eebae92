"""Request bodies: read within limits, as JSON or as forms."""
