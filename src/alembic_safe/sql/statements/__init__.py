"""Readers, one file a family of statements. Each takes a cursor before the statement's first word."""
