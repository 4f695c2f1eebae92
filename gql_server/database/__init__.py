"""Where facts live: tables, queries and migrations."""
