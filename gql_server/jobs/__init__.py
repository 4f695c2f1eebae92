"""Durable background work: jobs survive the processes that run them."""
