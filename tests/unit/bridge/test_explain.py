"""Which of a chain of exceptions is told."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError, PendingRollbackError

from alembic_safe.bridge.worker import explain


def _raised_after(first: Exception, then: Exception) -> Exception:
    try:
        try:
            raise first
        finally:
            raise then
    except Exception as error:
        return error


@pytest.mark.parametrize("lost", [True, False])
def test_the_loss_of_a_connection_is_told_in_place_of_what_could_not_be_ended(lost: bool) -> None:
    first = DBAPIError("select 1", {}, Exception("terminating connection"), connection_invalidated=lost)
    then = PendingRollbackError("Can't reconnect until invalid transaction is rolled back.")
    error = _raised_after(first, then)
    assert explain.origin(error) is (first if lost else then)
    assert explain.connection_lost(explain.origin(error)) is lost


def test_an_error_of_another_kind_after_the_loss_is_itself() -> None:
    first = DBAPIError("select 1", {}, Exception("terminating connection"), connection_invalidated=True)
    error = _raised_after(first, ValueError("env.py's own"))
    assert explain.origin(error) is error
