"""Who is told when something finished: topics by name, and those who watch them."""
