"""What the server costs beside a plain one, measured in the same run."""
