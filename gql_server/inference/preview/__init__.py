"""Images drawn by the server itself, for trying the product without an account."""

from gql_server.inference.preview.generator import PreviewGenerator

__all__ = ["PreviewGenerator"]
