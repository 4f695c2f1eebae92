"""The OpenAI-compatible images API at /v1, over the same use cases as the other APIs."""
