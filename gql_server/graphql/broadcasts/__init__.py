"""One execution of each event for all who subscribed to the same."""
