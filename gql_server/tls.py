"""The certificate authorities that this server trusts."""

import ssl
from functools import cache

import httpx


@cache
def trusted_authorities() -> ssl.SSLContext:
    """Return the TLS context for httpx; created once, as that takes some 30 ms."""
    return httpx.create_ssl_context()
