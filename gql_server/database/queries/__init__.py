"""SQL statements, a module for each noun."""
