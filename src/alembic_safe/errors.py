"""Every error of the project: class, exit status, message, hint. Imports nothing of the project.

AlembicSafeError                    1   our bug, unless a subclass says otherwise
├── UsageError                      2   flags, settings, or what was typed
│   ├── SettingsError               2   a settings file, variable or flag is wrong
│   └── ProjectError                2   the project's configuration, env.py or revisions are wrong
│       └── WorkerError             2   env.py hung, exited, or its process ended
├── RefusedError                    3   refused before anything was changed
├── LockHeldError                   4   another run holds the deploy lock
├── RevisionFailedError             5   a revision failed or was interrupted; the target is clean
├── DirtyTargetError                6   work of an unfinished revision stands
├── BackupError                     7   no backup could be made or verified; nothing was applied
│   └── CredentialsError            7   the backup's tool was refused at login
├── UnknownRevisionError            8   the database's revision is not in this checkout, or is newer
├── UnreachableError                9   the database cannot be reached
└── GaveUpError                    10   gave up waiting; the same command later may pass

A message is lower case without a full stop and states the fault. A hint is one or more sentences and
names the next command. Messages and hints never hold a secret: whoever raises masks first.
"""

from __future__ import annotations

from typing import ClassVar


class AlembicSafeError(Exception):
    """The base: a message, a hint and an exit status. Unsubclassed it means a bug of ours."""

    exit_status: ClassVar[int] = 1
    default_hint: ClassVar[str] = (
        "This is a bug of alembic-safe. Report it with the command, its output and `alembic-safe --version`."
    )

    def __init__(self, message: str, *, hint: str | None = None, detail: str | None = None) -> None:
        """`detail` is longer material to show below the message: a tool's own words, a traceback's end."""
        super().__init__(message)
        self.message = message
        self.hint = self.default_hint if hint is None else hint
        self.detail = detail

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.hint, self.detail))


def _rebuild(cls: type[AlembicSafeError], message: str, hint: str, detail: str | None) -> AlembicSafeError:
    return cls(message, hint=hint, detail=detail)


class UsageError(AlembicSafeError):
    """What was typed cannot be meant."""

    exit_status = 2
    default_hint = "See `alembic-safe --help`."


class SettingsError(UsageError):
    """A settings file, an environment variable or a flag holds something wrong."""

    default_hint = "The settings and their values are listed in docs/reference/settings.md."


class ProjectError(UsageError):
    """The project's configuration, its env.py or its revisions are wrong."""

    default_hint = "Does `alembic history` work in this directory?"


class WorkerError(ProjectError):
    """The process that executed env.py hung, left early, or was ended from outside."""

    default_hint = "Does `alembic current` work in this directory?"


class RefusedError(AlembicSafeError):
    """Refused by the gate or by preflight. Nothing was changed."""

    exit_status = 3
    default_hint = "Nothing was changed. See `alembic-safe plan`."


class LockHeldError(AlembicSafeError):
    """Another run holds the deploy lock of the target."""

    exit_status = 4
    default_hint = "Give `--wait 10m` to wait for it, or look at `alembic-safe status`."


class RevisionFailedError(AlembicSafeError):
    """A revision failed or was interrupted; what it did was rolled back."""

    exit_status = 5
    default_hint = "The target is clean: mend the revision and run `alembic-safe upgrade` again."


class DirtyTargetError(AlembicSafeError):
    """Part of an unfinished revision is committed."""

    exit_status = 6
    default_hint = "`alembic-safe recover` says what took effect, and which ways lead out."


class BackupError(AlembicSafeError):
    """No backup could be made or verified. Nothing was applied."""

    exit_status = 7
    default_hint = "Try `alembic-safe backup create` by itself."


class CredentialsError(BackupError):
    """The tool that makes the backup was refused at login, where we had been let in before."""

    default_hint = "Let env.py make a new password or token at each connect, or set `control-url`."


class UnknownRevisionError(AlembicSafeError):
    """The database's revision is unknown to this checkout, or newer than it."""

    exit_status = 8
    default_hint = "Is this the checkout that was deployed last? See `alembic-safe history`."


class UnreachableError(AlembicSafeError):
    """The database cannot be reached."""

    exit_status = 9
    default_hint = "Does `alembic current` reach it from here?"


class GaveUpError(AlembicSafeError):
    """Waited as long as it was allowed to. Clean; the same command later may pass."""

    exit_status = 10
    default_hint = "Nothing is left behind: run the same command again later."
