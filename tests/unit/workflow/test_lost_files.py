"""A revision's file that is gone, found where git last had it, and told from one that only bears its name."""

from __future__ import annotations

import hashlib
from pathlib import Path

from alembic_safe.bridge.messages import GraphRead
from alembic_safe.model.recovery import LostRevision
from alembic_safe.model.revisions import Revision
from alembic_safe.workflow.lost_files import found_in_git
from tests.unit.workflow.test_changed import Repository

_TEXT = 'revision: str = "b2"\ndown_revision = "a1"\n# é\n'


def test_the_commit_that_last_had_it_and_whether_it_is_what_was_run(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    kept = repository.write("db/versions/a1.py", 'revision = "a1"\n')
    repository.write("db/versions/b2.py", _TEXT)
    repository.git("add", "-A")
    repository.git("commit", "-qm", "both")
    had = repository.git("rev-parse", "HEAD").strip()
    repository.git("rm", "-q", "db/versions/b2.py")
    repository.git("commit", "-qm", "gone")
    graph = GraphRead(str(tmp_path), ("a1",), (Revision("a1", (), (), (), "", str(kept), ""),))
    digest = hashlib.sha256(_TEXT.encode()).hexdigest()
    lost = [LostRevision("b2", "r1", digest), LostRevision("b2", "r1", "another"), LostRevision("zz")]
    same, other, nowhere = found_in_git(lost, graph, tmp_path)
    assert (same.commit, same.path, same.same, same.leads_here) == (had, "db/versions/b2.py", True, True)
    assert (other.commit, other.same) == (had, False)
    assert nowhere == LostRevision("zz")


def test_without_a_repository_nothing_is_known(tmp_path: Path) -> None:
    lost = [LostRevision("b2")]
    assert found_in_git(lost, GraphRead(str(tmp_path), (), ()), tmp_path) == tuple(lost)
