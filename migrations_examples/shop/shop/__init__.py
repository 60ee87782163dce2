"""A small shop: the application whose migrations stand beside it."""
