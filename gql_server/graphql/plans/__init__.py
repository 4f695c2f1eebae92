"""Plans: known queries compiled once, and answered without an executor's walk."""
