"""What a PostgreSQL client tool that failed gives as its first reason."""

from __future__ import annotations

import re

from alembic_safe.databases.process import Ended


def first_fault(ended: Ended, tool: str) -> str:
    """The first error among what `tool` said, in the server's words where they are the server's."""
    for line in ended.said.splitlines():
        found = re.search(r"(?:error|ERROR|FATAL):\s+(.*)", line)
        if found:
            # "connection to server at ... failed: FATAL:  ..." -> the server's words
            return re.sub(r"^.*(?:ERROR|FATAL):\s+", "", found[1]).rstrip(".")
    if ended.status < 0:
        return f"{tool} was ended by signal {-ended.status}"
    return (ended.said.splitlines() or [f"{tool} ended with status {ended.status}"])[0]
