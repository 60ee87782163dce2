"""Results as JSON documents with a published schema: `render` is the way in."""

from alembic_safe.report.json.documents import VERSION, document, render, schema_name

__all__ = ["VERSION", "document", "render", "schema_name"]
