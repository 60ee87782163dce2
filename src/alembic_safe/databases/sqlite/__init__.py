"""SQLite by the standard library: connection, an OS lock as deploy lock, the online backup API."""
