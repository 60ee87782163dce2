"""The result of a command that failed before it had one: empty but for its exit status and error. Pure."""

from __future__ import annotations

from alembic_safe.model.identified import IdentifyResult, StampResult
from alembic_safe.model.recovery import RecoverResult
from alembic_safe.model.rehearsals import RehearseResult
from alembic_safe.model.results import (
    ApplyResult,
    BackupResult,
    CheckResult,
    DoctorResult,
    ExplainResult,
    Failure,
    HistoryResult,
    InitResult,
    PlanResult,
    PruneResult,
    RestoreResult,
    Result,
    StatusResult,
)


def empty_result(command: str, exit_status: int, failure: Failure) -> Result:
    """So that every document of a command has one form, whatever became of it."""
    if command in ("upgrade", "downgrade"):
        return ApplyResult(exit_status, command, (), (), {}, error=failure)
    if command == "plan":
        return PlanResult(exit_status, (), error=failure)
    if command == "rehearse":
        return RehearseResult(exit_status, "", "", (), error=failure)
    if command == "check":
        return CheckResult(exit_status, 0, (), (), error=failure)
    if command == "doctor":
        return DoctorResult(exit_status, (), error=failure)
    if command == "explain":
        return ExplainResult(exit_status, (), error=failure)
    if command == "status":
        return StatusResult(exit_status, (), error=failure)
    if command == "identify":
        return IdentifyResult(exit_status, (), error=failure)
    if command == "stamp":
        return StampResult(exit_status, "", (), {}, error=failure)
    if command == "recover":
        return RecoverResult(exit_status, (), error=failure)
    if command == "history":
        return HistoryResult(exit_status, (), error=failure)
    if command == "init":
        return InitResult(exit_status, (), (), {}, error=failure)
    if command == "backup prune":
        return PruneResult(exit_status, False, (), error=failure)
    if command == "backup restore":
        return RestoreResult(exit_status, "", "", "", None, None, 0, 0, {}, error=failure)
    return BackupResult(exit_status, command.removeprefix("backup "), (), error=failure)
