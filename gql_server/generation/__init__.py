"""One picture made and kept: templates, model rules, use cases."""
