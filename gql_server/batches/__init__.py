"""Many pictures asked for at once: accepted together, made one by one, each ended once."""
