"""The database: engine, tables, records, queries and migrations."""
