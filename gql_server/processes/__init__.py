"""The processes of one server: leases, locks, recurring work, the provider's rate limit."""
