"""REST for clients that were there before GraphQL: the same use cases, in the shapes they know."""
