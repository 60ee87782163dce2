"""Checked values to policies: paths get their base, `control-url` its connection, and the rest its room.

A path given in a file is relative to that file; on the command line or in the environment, to the working
directory; a default, to the folder of the alembic configuration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alembic_safe.errors import SettingsError
from alembic_safe.model.backups import ScopeChoice
from alembic_safe.model.findings import Allowance, GatePolicy
from alembic_safe.model.policies import (
    ApplyPolicy,
    BackupPolicy,
    ControlPolicy,
    GuardPolicy,
    JournalPolicy,
    ProjectPolicy,
    RecoveryPolicy,
    RestorePolicy,
    RetentionPolicy,
)
from alembic_safe.model.preflight import PreflightPolicy
from alembic_safe.model.rehearsals import RehearsalPolicy
from alembic_safe.model.scratch import ScratchPolicy
from alembic_safe.model.targets import SECRET_KEYWORDS
from alembic_safe.quick import dataclass
from alembic_safe.settings.connection import parse_conninfo, shown
from alembic_safe.settings.hours import forbidden_hours
from alembic_safe.settings.layers import Given, Layer
from alembic_safe.settings.option import APPLYING, PLAN
from alembic_safe.settings.options import BY_NAME, Option, options_of
from alembic_safe.settings.settings import (
    EffectiveValue,
    HistoryQuery,
    OutputPolicy,
    ReviewQuery,
    Settings,
    StatusQuery,
)
from alembic_safe.settings.validating import winning

_REFERENCES = "env:NAME, file:PATH or service=NAME"


@dataclass(frozen=True, slots=True)
class Bases:
    """Where relative paths begin: the working directory, and the folder of the alembic configuration."""

    working: Path
    project: Path


def assemble(
    command: str, values: dict[str, Any], layers: Sequence[Layer], environ: Mapping[str, str], bases: Bases
) -> Settings:
    """The settings of a command. Reads the file that `control-url` names. Raises `SettingsError`."""

    def path(name: str) -> Path | None:
        return _path(values[name], winning(name, layers), bases)

    backup_dir = path("backup-dir")
    assert backup_dir is not None  # it has a default
    connections = {
        name: _connection(name, values[name], winning(name, layers), environ, bases)
        for name in ("control-url", "backup-url", "restore-url")
    }
    scratch = _scratch(values, winning("scratch", layers), environ, bases)
    connections["scratch"] = dict(scratch.keywords or {})
    rehearsal = _rehearsal(values, layers, environ, bases)
    connections["from"] = dict(rehearsal.keywords or {})
    return Settings(
        command=command,
        directory=bases.project,
        project=ProjectPolicy(path("config"), values["name"], values["x"], values["start-timeout"]),
        backup=BackupPolicy(
            directory=backup_dir,
            skip_reason=values["no-backup"],
            jobs=values["backup-jobs"],
            compression=values["backup-compression"],
            bindir=path("pg-bindir"),
            store=values["backup-store"],
            recipients=tuple(values["backup-recipient"]),
            identity=path("backup-identity"),
            scope=_scope(values, winning("backup-scope", layers)),
            full_below=values["backup-full-below"],
            command=values["backup-command"],
            command_max_age=values["backup-command-max-age"],
            source=connections["backup-url"],
            replica_wait=values["replica-wait"],
        ),
        apply=ApplyPolicy(values["wait"], values["grace"], _guard(values)),
        journal=JournalPolicy(values["journal-schema"], _journal_file(values, layers, bases)),
        control=ControlPolicy(connections["control-url"], values["connect-timeout"]),
        output=_output(command, values, winning("format", layers), path("output")),
        query=HistoryQuery(values["limit"], values["slowest"], values["run"]),
        review=ReviewQuery(
            values["since"],
            values["all"],
            values["postgresql-version"],
            path("baseline"),
            path("write-baseline"),
            values["live"],
            values["dialect"],
        ),
        gate=GatePolicy(values["fail-on"], applying=command in (PLAN, *APPLYING)),
        scratch=scratch,
        allowances=tuple(Allowance(*text.split("=", 1)) for text in values["allow"]),
        wanted=StatusQuery(values["at-heads"], values["require"], values["wait"]),
        preflight=_preflight(values),
        phase=values["phase"],
        clean=values["clean"],
        allow_loss=values["allow-loss"],
        wait_for_database=values["wait-for-database"],
        ci=values["ci"],
        plan_file=path("plan"),
        restore=RestorePolicy(
            beside=values["beside"],
            end_sessions=values["end-sessions"],
            yes=values["yes"],
            try_it=values["restore"],
            server=connections["restore-url"],
        ),
        recovery=RecoveryPolicy(values["apply"], values["because"], values["explain-only"], path("bundle")),
        retention=RetentionPolicy(
            values["keep-daily"], values["keep-weekly"], values["keep-monthly"], values["prune"]
        ),
        max_age=values["max-age"],
        dry_run=values["dry-run"],
        check_drift=values["check-drift"],
        force=values["force"],
        target=values["target"],
        rehearse=values["rehearse"],
        rehearsal=rehearsal,
        _effective=_effective(command, values, layers, connections),
    )


def _preflight(values: dict[str, Any]) -> PreflightPolicy:
    return PreflightPolicy(
        levels=dict(text.split("=") for text in values["preflight"]),
        old_transaction=values["old-transaction"],
        replica_lag=values["replica-lag"],
        replica_wait=values["replica-lag-wait"],
        contract_after=values["contract-after"],
        old_applications=values["old-application"],
        not_between=tuple(forbidden_hours(text) for text in values["not-between"]),
    )


def _guard(values: dict[str, Any]) -> GuardPolicy:
    return GuardPolicy(
        max_stall=values["max-stall"],
        max_total_stall=values["max-total-stall"],
        lock_timeout=values["lock-timeout"],
        max_wait=values["max-wait"],
        retry_deadline=values["retry-deadline"],
        maintenance=values["maintenance"],
    )


def _scope(values: dict[str, Any], given: Given | None) -> ScopeChoice:
    scope: ScopeChoice = values["backup-scope"]
    if scope == "none" and values["no-backup"] is None:
        raise SettingsError(
            f"{given.origin if given else '--backup-scope'}: to make no backup takes a reason",
            hint="Give --no-backup=REASON: the reason is written to the journal.",
        )
    return scope


def _path(value: str | None, given: Given | None, bases: Bases) -> Path | None:
    if value is None:
        return None
    base = bases.working if given and given.place != "file" else bases.project
    return base / Path(value).expanduser()


def _journal_file(values: dict[str, Any], layers: Sequence[Layer], bases: Bases) -> Path | None:
    journal: str = values["journal"]
    if journal == "target":
        return None
    return _path(journal.removeprefix("file:").strip(), winning("journal", layers), bases)


def _output(command: str, values: dict[str, Any], given: Given | None, file: Path | None) -> OutputPolicy:
    (formats,) = (option.choices for option in options_of(command) if option.name == "format")
    if values["format"] not in formats:
        raise SettingsError(
            f"{given.origin if given else '--format'}: `{command}` has no format {values['format']!r}",
            hint=f"It has {', '.join(formats)}.",
        )
    if values["quiet"] and values["verbose"]:
        raise SettingsError("--quiet and --verbose exclude each other", hint="Give one of them.")
    if file is not None and (file.is_dir() or not file.parent.is_dir()):
        # Found out now, not when an upgrade has been made and its result has nowhere to go.
        what = "is a folder" if file.is_dir() else f"cannot be written: there is no folder {file.parent}"
        raise SettingsError(f"--output: {file} {what}", hint="Name a file in a folder that exists.")
    return OutputPolicy(values["format"], file, values["quiet"], values["verbose"])


def _scratch(
    values: dict[str, Any], given: Given | None, environ: Mapping[str, str], bases: Bases
) -> ScratchPolicy:
    programs: bool = values["allow-subprocess"]
    if values["scratch"] in ("auto", "off", "target"):
        return ScratchPolicy(values["scratch"], None, programs)
    keywords = _connection("scratch", values["scratch"], given, environ, bases)
    return ScratchPolicy("server", keywords, programs)


def _rehearsal(
    values: dict[str, Any], layers: Sequence[Layer], environ: Mapping[str, str], bases: Bases
) -> RehearsalPolicy:
    said, given = values["from"], winning("from", layers)
    source, _, backup = said.partition(":")
    known = said in ("backup", "schema", "base") or source == "backup"
    sql = winning("check-sql", layers)
    return RehearsalPolicy(
        source=source if known else "database",
        backup=backup or None if known else None,
        keywords=None if known else _connection("from", said, given, environ, bases),
        keep=values["keep"],
        max_time=values["max-time"],
        max_stall=values["max-stall"],
        round_trip=values["round-trip"] or values["each"],
        each=values["each"],
        check_command=values["check-command"],
        check_sql=tuple(filter(None, (_path(text, sql, bases) for text in values["check-sql"]))),
    )


def _connection(
    name: str, value: str | None, given: Given | None, environ: Mapping[str, str], bases: Bases
) -> dict[str, str] | None:
    if value is None or given is None:
        return None
    text = _dereference(value, given, environ, bases)
    literal = text is None
    try:
        keywords = parse_conninfo(value if text is None else text)
    except ValueError as error:
        where = "" if literal else f" ({value})"
        raise SettingsError(
            f"{given.origin}: this is not a connection{where}: {error}", hint=f"Give {_REFERENCES}."
        ) from None
    if literal and given.place != "environment" and SECRET_KEYWORDS & keywords.keys():
        raise SettingsError(
            f"{given.origin}: a password may not stand here, where others can read it",
            hint=f"Give {_REFERENCES} instead, or set {BY_NAME[name].variable}. Change that password.",
        )
    return keywords


def _dereference(value: str, given: Given, environ: Mapping[str, str], bases: Bases) -> str | None:
    """The text that env:NAME or file:PATH leads to; None where the value is no such reference."""
    kind, colon, rest = value.partition(":")
    if not colon or kind not in ("env", "file"):
        return None
    if kind == "env":
        if not environ.get(rest):
            raise SettingsError(
                f"{given.origin}: the environment variable {rest!r} is not set",
                hint="Set it, or name another.",
            )
        return environ[rest].strip()
    file = _path(rest.strip(), given, bases)
    assert file is not None
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        fault = getattr(error, "strerror", None) or "it is not text"
        raise SettingsError(
            f"{given.origin}: {file} cannot be read: {fault}", hint="Does the user of this process see it?"
        ) from None


def _effective(
    command: str,
    values: dict[str, Any],
    layers: Sequence[Layer],
    connections: Mapping[str, dict[str, str] | None],
) -> tuple[EffectiveValue, ...]:
    rows = []
    for option in options_of(command):
        given = winning(option.name, layers)
        value = _shown(option, values[option.name], given, connections.get(option.name) or {})
        rows.append(EffectiveValue(option.name, value, given.origin if given else "default"))
    return tuple(rows)


def _shown(option: Option, value: object, given: Given | None, keywords: dict[str, str]) -> str:
    if value is None or value == ():
        return ""
    if option.repeatable and option.secret:  # `-x url=...` often holds a password
        assert isinstance(value, tuple)
        return ", ".join(f"{item.partition('=')[0]}=***" for item in value)
    if option.secret:
        reference = isinstance(value, str) and value.startswith(("env:", "file:"))
        return str(value) if reference or not keywords else shown(keywords)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if option.kind == "duration":
        return f"{value:g} s"
    return str(value).lower() if option.kind == "switch" else str(value)
