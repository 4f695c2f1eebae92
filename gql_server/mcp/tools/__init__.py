"""What the tools do, a file for each noun."""
