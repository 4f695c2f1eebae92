"""Durable background work: jobs are known by name only, and survive the processes that run them."""
