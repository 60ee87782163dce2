"""The page of exit statuses, from their table and the classes of errors. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.cli.exits import EXIT_MEANINGS
from alembic_safe.errors import AlembicSafeError


def exits_page() -> str:
    """docs/reference/exit-status.md."""
    rows = "\n".join(
        f"| {status} | {meaning} | {_names(status)} | {_hint(status)} |"
        for status, meaning in EXIT_MEANINGS.items()
    )
    return f"""\
# Exit status

The exit status says what is true after the command, so that a pipeline can act on it. The kind is what a JSON
document's `error.kind` holds. A message on standard error says more, and its hint names the next command.

| status | means | kinds | what to do, unless the hint says more |
|---|---|---|---|
{rows}

- 0 means that the version was read on another connection after every revision, the last included.
  `status` also ends with 0 when the target is well but behind the checkout.
- After 5 nothing needs repair: a pipeline may run the same command again once the cause is mended.
- After 4 and 10 a pipeline may run the same command again as it is.
- After 6 stop, and read `alembic-safe status`.
- An interrupt (SIGINT, SIGTERM) ends with 5 where the target is clean and with 6 where it is not.
"""


def _classes(base: type[AlembicSafeError] = AlembicSafeError) -> Iterator[type[AlembicSafeError]]:
    yield base
    for kind in base.__subclasses__():
        yield from _classes(kind)


def _of(status: int) -> list[type[AlembicSafeError]]:
    # Only what errors.py declares: a class of a test or of a plug-in is no part of the reference.
    return [
        kind
        for kind in _classes()
        if kind.exit_status == status and kind.__module__ == AlembicSafeError.__module__
    ]


def _names(status: int) -> str:
    return ", ".join(f"`{kind.__name__}`" for kind in _of(status))


def _hint(status: int) -> str:
    kinds = _of(status)
    return kinds[0].default_hint if kinds else ""
