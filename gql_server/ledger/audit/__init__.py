"""The audit of the ledger and its totals."""
