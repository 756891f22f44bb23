"""The ledger of debt: what opened, closed and accrued between two moments, and why."""
