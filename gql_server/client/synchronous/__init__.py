"""The client for threads. Generated from ``asynchronous``, except for ``network.py``."""
