"""Where pictures come from, and the catalogue of models."""
