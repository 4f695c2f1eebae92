"""What pictures cost."""
