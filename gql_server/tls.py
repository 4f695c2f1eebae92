"""Who vouches for the servers that this one calls."""

import ssl
from functools import cache

import httpx


@cache
def trusted_authorities() -> ssl.SSLContext:
    """Return the certificates that httpx trusts; read once, as reading takes some 30 ms."""
    return httpx.create_ssl_context()
