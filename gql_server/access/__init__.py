"""Access: API keys, the principals they identify, permissions, and allowances."""
