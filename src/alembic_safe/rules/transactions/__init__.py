"""Rules on transactions, locks and sessions."""
