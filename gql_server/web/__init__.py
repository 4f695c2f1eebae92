"""HTTP beside the APIs: the server, request bodies, image files, health."""
