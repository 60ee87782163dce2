"""Restoring: load a backup into an empty database, compare it, prove it now and then, put it in a target's place."""

from __future__ import annotations
