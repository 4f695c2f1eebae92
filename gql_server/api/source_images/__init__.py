"""Uploaded source images in the GraphQL schema."""
