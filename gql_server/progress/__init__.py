"""Live updates: topics by name, and the watchers who share one read of each."""
