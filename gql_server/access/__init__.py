"""Who may ask, and how much: API keys, the principals they stand for, and their allowances."""
