"""Single images that are not waited for."""
