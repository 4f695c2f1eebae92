"""The arguments and the results of tools."""
