"""Where bytes live: a folder or R2."""
