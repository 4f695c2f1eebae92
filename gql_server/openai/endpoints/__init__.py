"""What the operations do, a file for each noun."""
