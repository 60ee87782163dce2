"""What PostgreSQL 15 to 18 do, as tables: lock modes, conflicts, volatility, types that change for free."""
