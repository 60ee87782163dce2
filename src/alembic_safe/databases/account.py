"""The account that we run as, for the words about who holds a lock or made a run."""

from __future__ import annotations

import getpass
import os


def account_name() -> str:
    """Its name, as a person knows it; a container may have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
