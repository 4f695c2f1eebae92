"""A GraphQL API server for AI images on Cloudflare Workers AI and R2."""

__version__ = "0.1.0"
