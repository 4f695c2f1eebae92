"""The documentation as a site, built by Sphinx from the Markdown of docs/: ``make docs``."""
