"""PostgreSQL: connection by psycopg, advisory deploy lock, sessions, and dump by the server's own client."""
