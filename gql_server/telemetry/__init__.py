"""What operators see of a running process: metrics, the request log, and traces."""
