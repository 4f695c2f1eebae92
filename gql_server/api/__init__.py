"""What GraphQL clients see: one file per noun."""
