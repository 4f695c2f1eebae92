"""The words every room shares: ids, money, time, parameters and errors."""
