"""The pages of docs/reference, made from the code: `python -m alembic_safe.cli.reference [--check] DIR`."""

from alembic_safe.cli.reference.pages import pages

__all__ = ["pages"]
