"""The catalogue of models, and the generators of images."""
