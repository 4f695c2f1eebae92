"""What images cost: prices, budgets, reports, audits."""
