"""The catalogue of hazards: every id, and for one without a rule what takes care of it instead."""

from __future__ import annotations

from collections.abc import Mapping

from alembic_safe.rules.registry import all_rules

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Indexes": (
        "index-build-blocks-writes", "concurrent-statement-inside-transaction", "index-drop-blocks-everything",
        "index-drop-may-slow-queries", "index-replaced-drop-first", "reindex-blocks-writes",
        "concurrent-index-left-invalid", "if-not-exists-hides-invalid-index",
        "concurrent-index-under-short-lock-timeout", "concurrent-index-waits-for-old-snapshots",
        "unique-index-on-existing-data", "index-on-partitioned-parent", "many-column-index",
        "concurrent-index-corruption-14-0-to-14-3", "hash-index", "identifier-over-63-bytes",
        "index-expression-needs-name",
    ),
    "Adding columns": (
        "add-column-volatile-default", "add-column-constant-default-before-11", "add-column-serial-or-identity",
        "add-column-stored-generated", "add-column-constrained-domain", "add-column-not-null-without-default",
        "add-column-python-default-only", "add-required-column-then-drop-default", "add-column-inline-check",
        "add-column-inline-unique", "add-column-inline-primary-key", "add-column-inline-foreign-key",
        "add-json-column", "add-column-breaks-select-star-plans", "column-added-to-wide-table",
        "int4-or-smaller-key", "timestamp-without-time-zone", "length-limit-on-text", "char-n-column",
        "serial-instead-of-identity", "three-state-boolean", "foreign-key-column-type-mismatch",
        "orm-magic-column",
    ),
    "Changing columns": (
        "column-type-rewrite", "column-type-widen-is-free", "column-widen-hidden-recheck",
        "column-collation-change", "timestamp-tz-change-depends-on-session", "column-narrow-loses-data",
        "primary-key-type-change-with-children", "column-type-blocked-by-dependents", "set-not-null-scan",
        "set-not-null-old-writers-fail", "drop-not-null-old-readers", "default-changed", "default-dropped",
        "column-renamed", "column-dropped", "column-drop-takes-indexes-with-it", "drop-cascade",
        "generated-expression-changed", "identity-changed", "several-alter-table-in-a-row",
        "column-storage-settings",
    ),
    "Constraints": (
        "check-constraint-validates", "validate-in-the-same-transaction", "constraint-left-not-valid",
        "foreign-key-validates", "foreign-key-waits-on-two-tables", "create-table-with-foreign-keys",
        "drop-table-with-foreign-keys", "foreign-key-without-index", "foreign-key-not-valid-on-partitioned",
        "foreign-key-set-null-on-not-null-column", "unique-constraint-builds-index",
        "constraint-using-index-renames-it", "primary-key-builds-index", "primary-key-using-nullable-index",
        "exclusion-constraint", "constraint-dropped", "primary-key-dropped-on-published-table",
        "constraint-timing-changed", "domain-constraint-added",
    ),
    "Tables, partitions, views": (
        "table-dropped", "create-table-force", "table-renamed", "other-object-renamed", "schema-moved", "truncate",
        "schema-or-database-dropped", "view-dropped-or-replaced", "materialized-view-refresh",
        "partition-attach-scans", "partition-created-in-place", "partition-detach", "partition-dropped",
        "table-logged-switch", "cluster-or-vacuum-full", "tablespace-or-access-method", "inheritance-changed",
        "owner-or-grants-changed", "weak-lock-still-conflicts",
    ),
    "Types, sequences, functions, triggers, policies": (
        "enum-value-used-in-same-transaction", "enum-value-order", "enum-value-renamed", "enum-created-or-dropped",
        "trigger-created", "trigger-dropped-or-disabled", "row-security-changed", "function-replaced-or-dropped",
        "sequence-changed", "rule-created", "logical-replication-not-told", "composite-type-changed",
        "extension-changed",
    ),
    "Data in migrations": (
        "backfill-inside-schema-migration", "dml-without-where", "schema-and-data-in-one-migration",
        "schema-change-deployed-with-code", "orm-models-used-in-migration", "data-migration-not-reversible",
        "same-column-assigned-twice",
    ),
    "Transactions, timeouts, running": (
        "no-lock-timeout", "no-statement-timeout", "timeout-lost-after-commit", "timeout-leaks-to-next-migration",
        "statements-after-exclusive-lock", "many-revisions-in-one-transaction",
        "autocommit-block-commits-earlier-work", "not-rerunnable-outside-transaction", "own-transaction-control",
        "statement-refused-in-transaction", "several-old-tables-locked-in-one-transaction", "explicit-lock-table",
        "opaque-sql", "unqualified-table-name", "exclusive-lock-reaches-standbys", "wal-burst",
        "backup-runs-during-migration", "downgrade-missing-or-lossy", "history-not-linear",
        "applied-revision-edited",
    ),
}  # fmt: skip

_STYLE = "style: nothing breaks"
_RUNNER = "`upgrade` itself: "
# honest about what no command does yet
_NOT_YET = "found by nothing yet: it is for the run on a live server to see, not for the text"

WITHOUT_RULE: Mapping[str, str] = {
    "concurrent-index-waits-for-old-snapshots": _NOT_YET,
    "many-column-index": _STYLE,
    "concurrent-index-corruption-14-0-to-14-3": "servers before 15 are not supported",
    "hash-index": "crash-safe on every supported version; " + _STYLE,
    "index-expression-needs-name": _STYLE,
    "add-column-constant-default-before-11": "no supported version rewrites for it",
    "add-column-breaks-select-star-plans": "any ADD COLUMN would be a finding; name columns in the application",
    "column-added-to-wide-table": _STYLE,
    "timestamp-without-time-zone": _STYLE + "; the later change has a rule",
    "length-limit-on-text": _STYLE + "; the later change has a rule",
    "char-n-column": _STYLE + "; the later change has a rule",
    "serial-instead-of-identity": _STYLE,
    "three-state-boolean": _STYLE,
    "orm-magic-column": "what a column means to the ORM is not in the SQL",
    "column-type-widen-is-free": "safe: a lock for an instant; its wait is not bounded yet",
    "several-alter-table-in-a-row": "each scan has its finding; instant ones hold the same lock no longer",
    "column-storage-settings": "safe: a lock for an instant; its wait is not bounded yet",
    "weak-lock-still-conflicts": _NOT_YET,
    "enum-value-order": _STYLE,
    "orm-models-used-in-migration": "found when the revision cannot be rendered: revision-not-inspectable",
    "same-column-assigned-twice": "the server refuses it, and the revision is rolled back",
    "no-statement-timeout": _NOT_YET,
    "timeout-lost-after-commit": _NOT_YET,
    "many-revisions-in-one-transaction": _RUNNER + "runs one transaction a revision",
    "not-rerunnable-outside-transaction": _RUNNER
    + "the journal knows each such statement, and `status` names the target dirty",
    "unqualified-table-name": _STYLE,
    "exclusive-lock-reaches-standbys": _NOT_YET,
    "wal-burst": "each rewrite and build has its finding; space and lag are not looked at yet",
    "backup-runs-during-migration": _RUNNER + "the backup is finished before the first statement",
    "applied-revision-edited": "the journal keeps each file's checksum; nothing compares it yet",
}


def rules_of_hazards() -> dict[str, tuple[str, ...]]:
    """The rules that find each hazard; none for those of `WITHOUT_RULE`."""
    found: dict[str, tuple[str, ...]] = {hazard: () for ids in SECTIONS.values() for hazard in ids}
    for rule in all_rules().values():
        for hazard in rule.covers:
            found[hazard] = (*found.get(hazard, ()), rule.id)
    return found
