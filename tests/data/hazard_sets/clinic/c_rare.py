"""Rarer statements."""

#% case partition_in_place
#% unsafe blocks: ACCESS EXCLUSIVE on the parent while the DEFAULT partition is read
#% rows DELETE FROM clinic.events_rest WHERE day >= '2025-01-01'
#% rows INSERT INTO clinic.events_rest SELECT n, '2030-01-01', '{}' FROM generate_series(1, 100) n
#% judged
def upgrade():
    op.execute("CREATE TABLE clinic.events_2025 PARTITION OF clinic.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')")


#% case partition_attach_proven
#% safe: a validated check on the table, and one on the default partition, prove both bounds
#% rows DELETE FROM clinic.events_2025
#% rows DELETE FROM clinic.events_rest
#% earlier
def upgrade():
    op.execute("CREATE TABLE clinic.events_2025 (LIKE clinic.events)")
    op.execute("ALTER TABLE clinic.events_2025 ADD CONSTRAINT c25 CHECK (day >= '2025-01-01' AND day < '2026-01-01')")
    op.execute("ALTER TABLE clinic.events_rest ADD CONSTRAINT not25 CHECK (day < '2025-01-01' OR day >= '2026-01-01')")


#% judged
def upgrade():
    op.execute("ALTER TABLE clinic.events ATTACH PARTITION clinic.events_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')")


#% case partition_detach
#% unsafe judged: ACCESS EXCLUSIVE on the parent and on the DEFAULT partition, and its rows vanish for readers
#% judged
def upgrade():
    op.execute("ALTER TABLE clinic.events DETACH PARTITION clinic.events_h1")


#% case partition_dropped
#% unsafe loses: half a year of rows
#% app SELECT count(*) > 0 FROM clinic.events WHERE day < '2024-07-01'
#% judged
def upgrade():
    op.execute("DROP TABLE clinic.events_h1")


#% case policy_and_force
#% unsafe judged: rows hidden from the application's role from then on
#% judged
def upgrade():
    op.execute("ALTER TABLE clinic.patients ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY own ON clinic.patients USING (gp_id = current_setting('app.user')::bigint)")


#% case sequence_restart
#% unsafe breaks: numbers that were given out are given out again
#% app SELECT nextval('clinic.invoice_no') > 0 AND (SELECT last_value FROM clinic.invoice_no) < 1000000
#% judged
def upgrade():
    op.execute("ALTER SEQUENCE clinic.invoice_no RESTART WITH 5000000")


#% case new_sequence
#% safe: nobody uses it yet
#% judged
def upgrade():
    op.execute("CREATE SEQUENCE IF NOT EXISTS clinic.receipt_no START 1000")


#% case function_replaced_same_signature
#% safe: no table is locked, the result is the same
#% app SELECT clinic.full_name(p) FROM clinic.patients p WHERE id = 1
#% judged
def upgrade():
    op.execute("""
        CREATE OR REPLACE FUNCTION clinic.full_name(p clinic.patients) RETURNS text LANGUAGE sql STABLE
        AS $$ SELECT concat_ws(' ', p.first_name, p.last_name) $$
    """)


#% case function_dropped
#% unsafe breaks: callers fail
#% app SELECT clinic.full_name(p) FROM clinic.patients p WHERE id = 1
#% judged
def upgrade():
    op.execute("DROP FUNCTION clinic.full_name(clinic.patients)")


#% case view_replaced_without_column
#% unsafe fails: cannot drop columns from view
#% judged
def upgrade():
    op.execute("CREATE OR REPLACE VIEW clinic.urgent AS SELECT id, patient_id FROM clinic.visits WHERE kind = 'urgent'")


#% case view_recreated_without_column
#% unsafe breaks: a column of the view is gone
#% app SELECT room FROM clinic.urgent LIMIT 1
#% judged
def upgrade():
    op.execute("DROP VIEW clinic.urgent")
    op.execute("CREATE VIEW clinic.urgent AS SELECT id, patient_id FROM clinic.visits WHERE kind = 'urgent'")


#% case drop_type_cascade
#% unsafe breaks: the column goes with its type
#% app SELECT kind FROM clinic.visits LIMIT 1
#% judged
def upgrade():
    op.execute("DROP TYPE clinic.visit_kind CASCADE")


#% case enum_recreated
#% unsafe blocks: the usual way to take a value out of an enum rewrites the table
#% judged
def upgrade():
    op.execute("DROP VIEW clinic.urgent")
    op.execute("ALTER TYPE clinic.visit_kind RENAME TO visit_kind_old")
    op.execute("CREATE TYPE clinic.visit_kind AS ENUM ('first', 'urgent')")
    op.execute("ALTER TABLE clinic.visits ALTER COLUMN kind DROP DEFAULT")
    op.execute("ALTER TABLE clinic.visits ALTER COLUMN kind TYPE clinic.visit_kind USING kind::text::clinic.visit_kind")
    op.execute("DROP TYPE clinic.visit_kind_old")
    op.execute("CREATE VIEW clinic.urgent AS SELECT id, patient_id, room FROM clinic.visits WHERE kind = 'urgent'")


#% case enum_value_added
#% safe: not used before it is committed
#% judged
def upgrade():
    op.execute("ALTER TYPE clinic.visit_kind ADD VALUE 'remote' AFTER 'control'")


#% case set_schema
#% unsafe breaks: the old name is gone
#% app SELECT count(*) FROM clinic.scratchpad
#% judged
def upgrade():
    op.execute("ALTER TABLE clinic.scratchpad SET SCHEMA public")


#% case collation_change
#% unsafe blocks: the index on it is built again
#% judged
def upgrade():
    op.execute('ALTER TABLE clinic.patients ALTER COLUMN last_name TYPE varchar(100) COLLATE "C"')


#% case storage_settings
#% safe: settings of new values and of vacuum
#% judged
def upgrade():
    op.execute("ALTER TABLE clinic.visits ALTER COLUMN report SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE clinic.visits ALTER COLUMN patient_id SET STATISTICS 500")


#% case autovacuum_settings
#% safe: no reader or writer waits for these
#% judged
def upgrade():
    op.execute("ALTER TABLE clinic.visits SET (autovacuum_vacuum_scale_factor = 0.01, fillfactor = 90)")


#% case vacuum_full
#% unsafe judged: rewrites the table under ACCESS EXCLUSIVE, in an autocommit block
#% judged
def upgrade():
    with op.get_context().autocommit_block():
        op.execute("VACUUM (FULL, ANALYZE) clinic.visits")


#% case vacuum_plain
#% safe: a plain VACUUM lets everybody through
#% judged
def upgrade():
    with op.get_context().autocommit_block():
        op.execute("VACUUM (ANALYZE) clinic.visits")


#% case lock_table
#% unsafe judged: everybody waits until the end of the transaction
#% judged
def upgrade():
    op.execute("LOCK TABLE clinic.visits IN ACCESS EXCLUSIVE MODE")
    op.execute("UPDATE clinic.visits SET room = 'A' WHERE id = 1")


#% case delete_by_join
#% unsafe loses: rows of most patients go
#% app SELECT count(*) > 0 FROM clinic.visits
#% judged
def upgrade():
    op.execute("DELETE FROM clinic.visits v USING clinic.patients p WHERE p.id = v.patient_id")


#% case disable_triggers
#% unsafe judged: ALL switches off foreign keys too
#% judged
def upgrade():
    op.execute("ALTER TABLE clinic.visits DISABLE TRIGGER ALL")


#% case revoke
#% unsafe judged: the application's role loses what it uses
#% judged
def upgrade():
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA clinic FROM PUBLIC")


#% case stored_generated_in_new_table
#% safe: a generated column in a table of this revision
#% judged
def upgrade():
    op.create_table(
        "fees",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("net", sa.Numeric(10, 2)),
        sa.Column("gross", sa.Numeric(10, 2), sa.Computed("net * 1.2", persisted=True)),
        schema="clinic",
    )


#% case identity_added
#% unsafe fails: the column may hold NULL
#% judged
def upgrade():
    op.execute("ALTER TABLE clinic.staff ALTER COLUMN badge ADD GENERATED BY DEFAULT AS IDENTITY")


#% case temp_table_work
#% safe: everything happens in a temporary table
#% judged
def upgrade():
    op.execute("CREATE TEMPORARY TABLE ids (id bigint) ON COMMIT DROP")
    op.execute("INSERT INTO ids VALUES (1), (2)")
    op.execute("CREATE INDEX ix_ids ON ids (id)")
    op.execute("UPDATE ids SET id = id + 1")


#% case batched_backfill
#% safe: batches, each committed by itself
#% judged
def upgrade():
    with op.get_context().autocommit_block():
        for low in range(1, 200, 10):
            op.execute(f"UPDATE clinic.patients SET remarks = '' WHERE id BETWEEN {low} AND {low + 9} AND remarks IS NULL")


#% case add_column_if_inspected_missing
#% safe: the usual guard, which needs a connection to be seen
#% judged
def upgrade():
    columns = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("staff", schema="clinic")}
    if "nickname" not in columns:
        op.add_column("staff", sa.Column("nickname", sa.String(40)), schema="clinic")


#% case drop_column_if_inspected_there
#% unsafe breaks: the guard does not make the drop safe
#% app SELECT email FROM clinic.staff LIMIT 1
#% judged
def upgrade():
    columns = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("staff", schema="clinic")}
    if "email" in columns:
        op.drop_column("staff", "email", schema="clinic")
