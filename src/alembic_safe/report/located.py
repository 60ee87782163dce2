"""Where findings are, as machine formats want it: paths relative to the repository, with forward slashes. Pure."""

from __future__ import annotations

from pathlib import PurePath

from alembic_safe.model.results import ReportedFinding


def relative(file: str, root: str) -> str:
    """`file` below `root` with forward slashes; as it is where it lies elsewhere.

    >>> relative("/srv/app/versions/a.py", "/srv/app")
    'versions/a.py'
    """
    path = PurePath(file)
    if root and path.is_relative_to(root):
        path = path.relative_to(root)
    return path.as_posix()


def sentence(found: ReportedFinding) -> str:
    """What happens and who waits, on one line, as somebody else's text: not made harmless yet."""
    waits = f" (waits meanwhile: {', '.join(found.blocks)})" if found.blocks else ""
    return f"{found.message}{waits}"
