"""Idempotency keys: a request that is sent again runs once."""
