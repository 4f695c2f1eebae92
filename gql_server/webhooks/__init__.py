"""Webhooks: signed requests about events to URLs that clients chose, retried until delivered."""
