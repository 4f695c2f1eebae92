"""GraphQL over HTTP, event streams, multipart and WebSockets."""
