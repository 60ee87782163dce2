"""The file for a colleague holds what is known, and no secret that a schema or a revision's source holds."""

from __future__ import annotations

import json
from pathlib import Path

from alembic_safe.cli.bundling import write_bundle
from alembic_safe.model.identity import Compared, Difference, Identity
from alembic_safe.model.recovery import Diagnosis, Evidence, LostRevision, RecoverResult, Remedy
from alembic_safe.settings import load_settings


def test_what_the_bundle_leaves_out(tmp_path: Path) -> None:
    server = "CREATE USER MAPPING FOR app SERVER s OPTIONS (user 'app', password 'hunter-secret');"
    evidence = Evidence(
        heads=("c3",),
        code_heads=("b2",),
        pending=(),
        lost=(LostRevision("c3", "r1", "abc", "op.execute(\"CREATE ROLE r PASSWORD 'hunter-secret'\")"),),
        identity=Identity(
            ("c3",), compared=Compared((Difference("user mapping", "s", "", server, None, (server,)),))
        ),
    )
    remedy = Remedy("roll-back", "does", sql=("ALTER ROLE r PASSWORD 'hunter-secret'",))
    result = RecoverResult(8, (), Diagnosis("orphan revision", 8, ()), evidence, (remedy,))
    file = tmp_path / "bundle.json"
    write_bundle(file, result, load_settings("recover", {}, {}, tmp_path))
    text = file.read_text()
    assert "hunter-secret" not in text and "abc" in text and "USER MAPPING" in text
    assert json.loads(text)["diagnosis"]["state"] == "orphan revision"
    assert file.stat().st_mode & 0o777 == 0o600
