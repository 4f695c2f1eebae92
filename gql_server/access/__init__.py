"""Who may ask: API keys, and the principals that they stand for."""
