"""Idempotency keys: a request that is sent again is carried out once."""
