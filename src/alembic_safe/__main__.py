"""`python -m alembic_safe` is the `alembic-safe` command."""

from alembic_safe.cli import main

if __name__ == "__main__":
    main()
