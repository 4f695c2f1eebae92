"""What all packages share: IDs, money, time, text, parameters and errors."""
