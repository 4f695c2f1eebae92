"""Documents, limits, costs and the execution of operations."""
