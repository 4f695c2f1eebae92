"""Generating and storing one image: templates, model rules, use cases."""
