"""SQL that hides: helpers, loops, DO blocks, strings put together."""

#% case helper_module_makes_index
#% unsafe blocks: the helper's default is not concurrent
#% file clinic_ops.py
from alembic import op


def ensure_index(table, *columns, unique=False, concurrently=False):
    name = "ix_" + "_".join([table, *columns])
    if concurrently:
        with op.get_context().autocommit_block():
            op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON clinic.{table} ({', '.join(columns)})")
    else:
        op.create_index(name, table, list(columns), unique=unique, schema="clinic")
#% judged
from clinic_ops import ensure_index


def upgrade():
    ensure_index("visits", "room")


#% case helper_module_makes_index_concurrently
#% safe: the same helper, told to build concurrently
#% file clinic_ops.py
from alembic import op


def ensure_index(table, *columns, unique=False, concurrently=False):
    name = "ix_" + "_".join([table, *columns])
    if concurrently:
        with op.get_context().autocommit_block():
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON clinic.{table} ({', '.join(columns)})")
    else:
        op.create_index(name, table, list(columns), unique=unique, schema="clinic")
#% judged
from clinic_ops import ensure_index


def upgrade():
    ensure_index("visits", "room", concurrently=True)


#% case list_of_statements
#% unsafe breaks: the fourth statement of a list renames a column in use
#% app SELECT boss FROM clinic.staff LIMIT 1
#% judged
STATEMENTS = [
    "COMMENT ON TABLE clinic.staff IS 'people on the pay roll'",
    "ALTER TABLE clinic.staff ADD COLUMN hired date",
    "ALTER TABLE clinic.staff ALTER COLUMN badge SET DEFAULT 0",
    "ALTER TABLE clinic.staff RENAME boss TO manager_id",
]


def upgrade():
    for statement in STATEMENTS:
        op.execute(statement)


#% case list_of_harmless_statements
#% safe: comments, a nullable column, a default
#% judged
STATEMENTS = [
    "COMMENT ON TABLE clinic.staff IS 'people on the pay roll; RENAME boss TO x'",
    "ALTER TABLE clinic.staff ADD COLUMN hired date",
    "ALTER TABLE clinic.staff ALTER COLUMN badge SET DEFAULT 0",
]


def upgrade():
    for statement in STATEMENTS:
        op.execute(statement)


#% case do_block_with_execute_format
#% unsafe blocks: format() builds the index statement for every table of a list
#% judged
def upgrade():
    op.execute("""
        DO $do$
        DECLARE t text;
        BEGIN
            FOREACH t IN ARRAY ARRAY['staff', 'roles'] LOOP
                EXECUTE format('ALTER TABLE clinic.%I ADD COLUMN changed timestamptz DEFAULT clock_timestamp()', t);
            END LOOP;
        END $do$
    """)


#% case do_block_type_if_missing
#% safe: the usual way to make an enum type that may be there
#% judged
def upgrade():
    op.execute("""
        DO $$ BEGIN
            CREATE TYPE clinic.severity AS ENUM ('low', 'high');
        EXCEPTION
            WHEN duplicate_object THEN NULL;
        END $$;
    """)
    op.add_column("visits", sa.Column("severity", sa.Enum(name="severity", schema="clinic", create_type=False)), schema="clinic")


#% case do_block_drops_constraint_by_name_search
#% unsafe breaks: the name is looked up, the constraint is gone afterwards
#% app INSERT INTO clinic.visits (patient_id, fee) VALUES (1, -5)
#% judged
def upgrade():
    op.execute("""
        DO $$
        DECLARE r record;
        BEGIN
            FOR r IN SELECT conname FROM pg_constraint WHERE conrelid = 'clinic.visits'::regclass AND contype = 'c' LOOP
                EXECUTE 'ALTER TABLE clinic.visits DROP CONSTRAINT ' || quote_ident(r.conname);
            END LOOP;
        END $$
    """)


#% case string_concatenation
#% unsafe loses: the string is put together from parts
#% app SELECT count(*) > 0 FROM clinic.scratchpad
#% judged
def _wipe(table):
    return "DELETE" + " FROM " + ".".join(("clinic", table))


def upgrade():
    op.execute(sa.text(_wipe("scratchpad")))


#% case comment_talks_of_drops
#% safe: the dangerous words stand in a comment and in a literal
#% judged
def upgrade():
    op.execute("""
        -- DROP TABLE clinic.patients; CREATE INDEX ix ON clinic.visits (room);
        /* ALTER TABLE clinic.visits ALTER COLUMN room SET NOT NULL; */
        COMMENT ON COLUMN clinic.visits.room IS 'TRUNCATE clinic.visits; DROP COLUMN room';
    """)


#% case dollar_quoted_function_talks_of_drops
#% safe: the function is made, not called
#% judged
def upgrade():
    op.execute("""
        CREATE FUNCTION clinic.forget(p bigint) RETURNS void LANGUAGE plpgsql AS $fn$
        BEGIN
            DELETE FROM clinic.visits WHERE patient_id = p;
            UPDATE clinic.patients SET remarks = NULL WHERE id = p;
        END $fn$
    """)


#% case function_made_and_called
#% unsafe loses: the function that was just made is called
#% app SELECT count(*) > 0 FROM clinic.scratchpad
#% judged
def upgrade():
    op.execute("""
        CREATE FUNCTION clinic.clean_up() RETURNS void LANGUAGE sql AS $fn$ DELETE FROM clinic.scratchpad $fn$;
        SELECT clinic.clean_up();
    """)


#% case exec_driver_sql_type_change
#% unsafe blocks: exec_driver_sql on the bind
#% judged
def upgrade():
    bind = op.get_bind()
    bind.exec_driver_sql("alter table clinic.staff alter column badge type bigint")


#% case batch_many
#% unsafe blocks: among four batch operations one makes a column required
#% judged
def upgrade():
    with op.batch_alter_table("staff", schema="clinic") as batch_op:
        batch_op.add_column(sa.Column("title", sa.String(20), nullable=True))
        batch_op.add_column(sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.alter_column("badge", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("login", existing_type=sa.String(40), server_default="")


#% case batch_many_harmless
#% safe: three batch operations that only add
#% judged
def upgrade():
    with op.batch_alter_table("staff", schema="clinic") as batch_op:
        batch_op.add_column(sa.Column("title", sa.String(20), nullable=True))
        batch_op.add_column(sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.alter_column("login", existing_type=sa.String(40), type_=sa.String(60))


#% case loop_over_tables_adds_columns
#% safe: a nullable column to each of three tables, a constant default to each
#% judged
def upgrade():
    for table in ["staff", "roles", "scratchpad"]:
        op.add_column(table, sa.Column("tenant", sa.Integer(), server_default="1", nullable=False), schema="clinic")


#% case loop_over_tables_adds_foreign_keys
#% unsafe blocks: each key checks all rows of its table
#% judged
def upgrade():
    for table, column in (("patients", "gp_id"), ("roles", "staff_id")):
        op.create_foreign_key(
            f"fk_{table}_{column}", table, "staff", [column], ["id"], source_schema="clinic", referent_schema="clinic"
        )


#% case index_plain_inside_autocommit_block
#% unsafe blocks: an autocommit block does not make the build concurrent
#% judged
def upgrade():
    with op.get_context().autocommit_block():
        op.create_index("ix_visits_room", "visits", ["room"], schema="clinic", if_not_exists=True)


#% case upper_case_and_comments
#% unsafe blocks: comments between the words
#% judged
def upgrade():
    op.execute("CREATE /* now */ UNIQUE -- really\n INDEX\n ux_staff_login ON ONLY clinic.staff\n USING btree (login)")


#% case sa_ddl_object
#% unsafe breaks: a DDL element of SQLAlchemy
#% app SELECT id FROM clinic.urgent LIMIT 1
#% judged
def upgrade():
    op.execute(sa.DDL("DROP VIEW IF EXISTS %(schema)s.urgent", context={"schema": "clinic"}))


#% case if_dialect_is_postgresql
#% unsafe blocks: what is done on PostgreSQL only
#% judged
def upgrade():
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE clinic.visits ADD CONSTRAINT ck_room CHECK (room <> '')")
    else:
        with op.batch_alter_table("visits") as batch:
            batch.create_check_constraint("ck_room", "room <> ''")


#% case if_dialect_is_something_else
#% safe: the dangerous branch is MySQL's
#% judged
def upgrade():
    if op.get_context().dialect.name == "mysql":
        op.execute("ALTER TABLE visits ADD INDEX ix_room (room)")
    else:
        op.add_column("visits", sa.Column("colour", sa.Text), schema="clinic")


#% case copy_sql_file
#% unsafe loses: the statements stand in a file beside the revision
#% app SELECT count(*) > 0 FROM clinic.roles
#% file 20240101_roles.sql
-- roles are kept elsewhere; see the wiki
COMMENT ON TABLE clinic.roles IS 'kept in the directory service';
TRUNCATE TABLE clinic.roles;
#% judged
from pathlib import Path


def upgrade():
    op.execute((Path(__file__).parents[1] / "20240101_roles.sql").read_text())
