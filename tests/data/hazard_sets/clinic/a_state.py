"""Verdicts that hang on what earlier revisions did."""

#% case language_required
#% safe: the check of two revisions ago is validated, so nothing is read; declared
#% judged
# alembic-safe: phase contract


def upgrade():
    op.alter_column("patients", "language", existing_type=sa.String(5), nullable=False, schema="clinic")


#% case language_required_by_sql
#% safe: the same in SQL with the check dropped afterwards
#% judged
# alembic-safe: phase contract


def upgrade():
    op.execute("""
        ALTER TABLE clinic.patients ALTER COLUMN language SET NOT NULL;
        ALTER TABLE clinic.patients DROP CONSTRAINT patients_language_set;
    """)


#% case language_required_check_dropped_first
#% unsafe blocks: the check that would prove it is dropped one line too early
#% judged
# alembic-safe: phase contract


def upgrade():
    op.execute("ALTER TABLE clinic.patients DROP CONSTRAINT patients_language_set")
    op.execute("ALTER TABLE clinic.patients ALTER COLUMN language SET NOT NULL")


#% case phone_required
#% unsafe blocks: no check proves it
#% judged
# alembic-safe: phase contract


def upgrade():
    op.execute("ALTER TABLE clinic.patients ALTER COLUMN phone SET NOT NULL")


#% case or_check_proves_nothing
#% unsafe blocks: a validated check with an OR proves nothing about NULL
#% earlier
def upgrade():
    op.execute("ALTER TABLE clinic.patients ADD CONSTRAINT reachable CHECK (phone IS NOT NULL OR remarks IS NOT NULL)")


#% judged
# alembic-safe: phase contract


def upgrade():
    op.execute("ALTER TABLE clinic.patients ALTER COLUMN phone SET NOT NULL")


#% case and_check_proves_it
#% safe: a validated check with AND proves each of its parts
#% earlier
def upgrade():
    op.execute("ALTER TABLE clinic.patients ADD CONSTRAINT reachable CHECK (phone IS NOT NULL AND last_name <> '')")


#% judged
# alembic-safe: phase contract


def upgrade():
    op.execute("ALTER TABLE clinic.patients ALTER COLUMN phone SET NOT NULL")


#% case validate_old_check
#% safe: the check of the history is validated by itself
#% judged
def upgrade():
    op.execute("ALTER TABLE clinic.visits VALIDATE CONSTRAINT ck_visits_minutes")


#% case validate_after_other_ddl
#% unsafe blocks: the column added in the same transaction holds ACCESS EXCLUSIVE while VALIDATE reads
#% judged
def upgrade():
    op.add_column("visits", sa.Column("channel", sa.Text), schema="clinic")
    op.execute("ALTER TABLE clinic.visits VALIDATE CONSTRAINT ck_visits_minutes")


#% case room_wider
#% safe: varchar(10) to varchar(16), the old width is in the history only
#% judged
def upgrade():
    op.execute("ALTER TABLE clinic.patients ALTER phone TYPE varchar(40), ALTER last_name TYPE varchar(200)")


#% case phone_narrower
#% unsafe blocks: one of the two columns becomes narrower
#% judged
def upgrade():
    op.execute("ALTER TABLE clinic.patients ALTER phone TYPE varchar(15), ALTER first_name TYPE varchar(200)")


#% case widen_a_column_with_check
#% unsafe blocks: a free widening of a column in a CHECK verifies the check again
#% earlier
def upgrade():
    op.execute("ALTER TABLE clinic.staff ADD CONSTRAINT ck_login CHECK (length(login) > 1)")


#% judged
def upgrade():
    op.alter_column("staff", "login", type_=sa.String(80), existing_type=sa.String(40), schema="clinic")


#% case widen_a_column_with_expression_index
#% unsafe blocks: the expression index on it is rebuilt under ACCESS EXCLUSIVE
#% earlier
def upgrade():
    op.execute("CREATE INDEX ix_staff_login_lower ON clinic.staff (lower(login))")


#% judged
def upgrade():
    op.alter_column("staff", "login", type_=sa.String(80), existing_type=sa.String(40), schema="clinic")


#% case widen_a_column_with_plain_index
#% safe: a plain index on it stays as it is
#% judged
def upgrade():
    op.alter_column("patients", "last_name", type_=sa.String(150), existing_type=sa.String(100), schema="clinic")


#% case smallint_to_int
#% unsafe blocks: smallint to integer rewrites
#% judged
def upgrade():
    op.execute("ALTER TABLE clinic.visits ALTER COLUMN minutes SET DATA TYPE integer")


#% case float_to_double
#% unsafe blocks: a change with USING computes every row
#% judged
def upgrade():
    op.execute("ALTER TABLE clinic.patients ALTER COLUMN score TYPE numeric USING round(score::numeric, 2)")


#% case timestamp_to_timestamptz
#% unsafe judged: a rewrite unless the session runs in UTC, and the times may move
#% judged
def upgrade():
    op.alter_column(
        "patients",
        "registered",
        type_=sa.DateTime(timezone=True),
        existing_type=sa.DateTime(),
        schema="clinic",
        postgresql_using="registered AT TIME ZONE 'Europe/Vienna'",
    )


#% case fee_more_digits
#% safe: numeric(8,2) to numeric(12,2)... on a column in a CHECK would be verified again, so the check goes first
#% judged
# alembic-safe: phase contract


def upgrade():
    op.execute("ALTER TABLE clinic.visits DROP CONSTRAINT ck_visits_fee")
    op.execute("ALTER TABLE clinic.visits ALTER COLUMN fee TYPE numeric(12, 2)")


#% case fee_more_digits_with_check
#% unsafe blocks: the check on the column is verified again, under ACCESS EXCLUSIVE
#% judged
def upgrade():
    op.alter_column("visits", "fee", type_=sa.Numeric(12, 2), existing_type=sa.Numeric(8, 2), schema="clinic")


#% case type_named_in_two_steps
#% unsafe blocks: the first of two revisions widens for free, the second narrows what the first made
#% judged
def upgrade():
    op.execute("ALTER TABLE clinic.staff ALTER COLUMN login TYPE varchar(100)")


#% judged
def upgrade():
    op.execute("ALTER TABLE clinic.staff ALTER COLUMN login TYPE varchar(60)")


#% case unique_from_index_of_history
#% safe: the unique index is there already
#% judged
def upgrade():
    op.execute("ALTER TABLE clinic.patients ADD CONSTRAINT uq_insurance_no UNIQUE USING INDEX ux_patients_insurance_no")


#% case primary_key_from_index_on_nullable_column
#% unsafe blocks: the column may hold NULL, so the whole table is read
#% earlier
def upgrade():
    op.execute("CREATE UNIQUE INDEX pk_scratchpad ON clinic.scratchpad (id)")


#% judged
def upgrade():
    op.execute("ALTER TABLE clinic.scratchpad ADD CONSTRAINT pk_scratchpad PRIMARY KEY USING INDEX pk_scratchpad")


#% case primary_key_from_index_on_required_column
#% safe: not null already, the index is there: a change of the catalogue
#% earlier
def upgrade():
    op.execute("ALTER TABLE clinic.scratchpad ALTER COLUMN id SET NOT NULL")
    op.execute("CREATE UNIQUE INDEX pk_scratchpad ON clinic.scratchpad (id)")


#% judged
def upgrade():
    op.execute("ALTER TABLE clinic.scratchpad ADD CONSTRAINT pk_scratchpad PRIMARY KEY USING INDEX pk_scratchpad")


#% case foreign_key_not_valid_from_history
#% safe: VALIDATE of a foreign key that came NOT VALID
#% earlier
def upgrade():
    op.execute("ALTER TABLE clinic.roles ADD CONSTRAINT fk_roles_staff FOREIGN KEY (staff_id) REFERENCES clinic.staff NOT VALID")


#% judged
def upgrade():
    op.get_bind().execute(sa.text("ALTER TABLE clinic.roles VALIDATE CONSTRAINT fk_roles_staff"))


#% case new_table_with_key_to_old_one_filled_at_once
#% unsafe blocks: the foreign key's lock on patients is held while their rows are read into the new table
#% judged
def upgrade():
    op.create_table(
        "consents",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("patient_id", sa.BigInteger, sa.ForeignKey("clinic.patients.id"), nullable=False),
        schema="clinic",
    )
    op.execute("INSERT INTO clinic.consents (patient_id) SELECT id FROM clinic.patients WHERE remarks IS NOT NULL")


#% case drop_what_this_plan_made
#% safe: a table of this very upgrade is dropped again
#% judged
def upgrade():
    op.create_table("stage", sa.Column("id", sa.Integer, primary_key=True), schema="clinic")


#% judged
def upgrade():
    op.drop_table("stage", schema="clinic")


#% case add_and_tighten_own_table_next_revision
#% safe: three revisions on a table of this upgrade
#% judged
def upgrade():
    op.create_table(
        "lab_results",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("value", sa.Integer),
        sa.Column("unit", sa.String(10)),
        schema="clinic",
    )


#% judged
def upgrade():
    op.alter_column("lab_results", "value", type_=sa.BigInteger(), nullable=False, schema="clinic")
    op.create_check_constraint("ck_lab_value", "lab_results", "value > 0", schema="clinic")


#% judged
def upgrade():
    op.alter_column("lab_results", "unit", new_column_name="unit_code", schema="clinic")
    op.create_unique_constraint("uq_lab", "lab_results", ["id", "unit_code"], schema="clinic")


#% case same_name_in_another_schema
#% unsafe breaks: public.patients of this plan is another table than clinic.patients
#% app SELECT phone FROM clinic.patients LIMIT 1
#% judged
def upgrade():
    op.create_table("patients", sa.Column("id", sa.Integer, primary_key=True), sa.Column("phone", sa.Text))
    op.drop_column("patients", "phone", schema="clinic")
