"""Webhooks: what is told to addresses that clients name, signed, and until it is heard."""
