"""What is served beside GraphQL: images and health."""
