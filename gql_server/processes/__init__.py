"""What the processes of one server hold and do: leases, locks, recurring work."""
