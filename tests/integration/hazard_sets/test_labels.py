"""The hazard sets' labels against real servers: a label that a server contradicts is the set's fault."""

from __future__ import annotations

import pytest
import sqlalchemy

from tests.support.databases import MAJORS
from tests.support.hazard_sets import Case, cases, sets
from tests.support.hazard_truth import observe, prepare

SOME = [case for name in sets() for case in cases(name) if case.until == 18][::25]

pytestmark = [
    pytest.mark.skipif(
        sqlalchemy.__version__.startswith("1."), reason="reads what the server says through psycopg"
    ),
    pytest.mark.filterwarnings("ignore"),
]


@pytest.mark.sweep
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("major", MAJORS)
@pytest.mark.parametrize("name", sets())
def test_labels_are_true(name, major, pg_servers, tmp_path):
    server, template = pg_servers(major), f"hazard_set_{name}"
    server.create_database(template)
    prepare(cases(name)[0], server, tmp_path, template)
    of_major = [case for case in cases(name) if case.since <= major <= case.until]
    wrong = {case.id: said for case in of_major if (said := against(case, server, tmp_path, template))}
    server.drop_database(template)
    assert not wrong


@pytest.mark.parametrize("case", SOME, ids=lambda case: case.id)
def test_label_is_true_on_the_newest(case: Case, pg, tmp_path):
    assert not against(case, pg, tmp_path)


def against(case, server, tmp_path, template=None):
    """What a database of that server says against the label; "" where nothing."""
    name = f"hazard_{case.name}"[:60]
    server.create_database(name, template)
    try:
        return observe(case, server, tmp_path, name).contradicts(case)
    finally:
        server.drop_database(name)
