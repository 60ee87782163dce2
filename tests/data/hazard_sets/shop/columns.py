"""Columns that come, go and change."""

#% case add_nullable
#% safe: catalogue only
#% app INSERT INTO users (email) VALUES ('probe@example.org')
#% judged
def upgrade():
    op.add_column("users", sa.Column("birthday", sa.Date(), nullable=True))


def downgrade():
    op.drop_column("users", "birthday")


#% case add_not_null_constant_default
#% safe: a constant default is kept in the catalogue
#% app INSERT INTO users (email) VALUES ('probe@example.org')
#% judged
def upgrade():
    op.add_column("users", sa.Column("is_admin", sa.Boolean(), nullable=False, server_default=sa.false()))


#% case add_not_null_no_default
#% unsafe fails: rows exist
#% judged
def upgrade():
    op.add_column("users", sa.Column("tenant", sa.Integer(), nullable=False))


#% case add_not_null_no_default_new_table
#% safe: the table was made a moment ago
#% judged
def upgrade():
    op.create_table("teams", sa.Column("id", sa.BigInteger, primary_key=True))
    op.add_column("teams", sa.Column("title", sa.Text, nullable=False))


#% case add_default_now
#% safe: now() is stable, evaluated once
#% judged
def upgrade():
    op.add_column(
        "orders",
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )


#% case add_default_clock_timestamp
#% unsafe blocks: volatile default rewrites the table
#% judged
def upgrade():
    op.add_column(
        "orders",
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()")),
    )


#% case add_default_random_uuid
#% unsafe blocks: gen_random_uuid() is volatile: the table is rewritten
#% judged
def upgrade():
    op.add_column(
        "users",
        sa.Column("public_id", sa.Uuid() if hasattr(sa, "Uuid") else sa.Text(), server_default=sa.text("gen_random_uuid()")),
    )


#% case add_then_volatile_default
#% safe: the default comes after the column: old rows stay NULL, nothing is rewritten
#% judged
def upgrade():
    op.execute("ALTER TABLE users ADD COLUMN public_id uuid")
    op.execute("ALTER TABLE users ALTER COLUMN public_id SET DEFAULT gen_random_uuid()")


#% case add_serial
#% unsafe blocks: bigserial is nextval(), which is volatile
#% judged
def upgrade():
    op.execute("ALTER TABLE audit_log ADD COLUMN seq bigserial")


#% case add_generated_stored
#% unsafe blocks: a stored generated column is computed for every row
#% judged
def upgrade():
    op.add_column("order_lines", sa.Column("amount", sa.Numeric, sa.Computed("qty * price", persisted=True)))


#% case add_domain_with_check
#% unsafe blocks: a constrained domain rewrites
#% judged
def upgrade():
    op.execute("ALTER TABLE order_lines ADD COLUMN pack positive_int DEFAULT 1")


#% case add_domain_without_check
#% safe: a domain without a constraint is the base type
#% judged
def upgrade():
    op.execute("ALTER TABLE order_lines ADD COLUMN pack label")


#% case add_with_foreign_key
#% unsafe blocks: alembic emits a separate ADD CONSTRAINT, which checks all rows under locks of both tables
#% judged
def upgrade():
    op.add_column("orders", sa.Column("warehouse_id", sa.Integer(), sa.ForeignKey("warehouses.id")))


#% case drop_column_undeclared
#% unsafe breaks: the running application still reads it
#% app SELECT id, nickname FROM users LIMIT 1
#% judged
def upgrade():
    op.drop_column("users", "nickname")


def downgrade():
    op.add_column("users", sa.Column("nickname", sa.String(50)))


#% case drop_column_declared_contract
#% safe: a declared contract step
#% judged
"""Drop the nickname that nothing maps since the last release."""


# alembic-safe: phase contract
def upgrade():
    op.drop_column("users", "nickname")


def downgrade():
    op.add_column("users", sa.Column("nickname", sa.String(50)))


#% case drop_column_added_in_same_plan
#% safe: nobody ever saw the column
#% judged
def upgrade():
    op.add_column("users", sa.Column("tmp_flag", sa.Boolean))


#% judged
def upgrade():
    op.drop_column("users", "tmp_flag")


#% case rename_column
#% unsafe breaks: every query of the running application fails at once
#% app SELECT name FROM users LIMIT 1
#% judged
def upgrade():
    op.alter_column("users", "name", new_column_name="full_name")


#% case type_int_to_bigint
#% unsafe blocks: integer to bigint rewrites the table and its indexes
#% judged
def upgrade():
    op.alter_column("order_lines", "warehouse_id", existing_type=sa.Integer(), type_=sa.BigInteger())


#% case type_varchar_widen
#% safe: varchar(40) to varchar(80) is a change of the catalogue
#% judged
def upgrade():
    op.alter_column("orders", "reference", existing_type=sa.String(40), type_=sa.String(80))


#% case type_varchar_narrow
#% unsafe blocks: varchar(200) to varchar(100) reads and rewrites every row
#% judged
def upgrade():
    op.alter_column("orders", "note", existing_type=sa.String(length=200), type_=sa.String(length=100), existing_nullable=True)


#% case type_varchar_to_text
#% safe: varchar to text keeps the bytes
#% judged
def upgrade():
    with op.batch_alter_table("users") as batch:
        batch.alter_column("nickname", type_=sa.Text())


#% case type_raw_sql_old_type_known_only_from_history
#% unsafe blocks: the raw statement does not say that sku is varchar(40): 20 is narrower
#% judged
def upgrade():
    op.execute("ALTER TABLE order_lines ALTER COLUMN sku TYPE varchar(20)")


#% case type_raw_sql_wider_than_history
#% safe: 60 is wider than the 40 of the history
#% judged
def upgrade():
    op.execute("ALTER TABLE order_lines ALTER COLUMN sku TYPE varchar(60)")


#% case type_numeric_more_precision
#% safe: more digits, same scale
#% judged
def upgrade():
    op.alter_column("order_lines", "price", type_=sa.Numeric(14, 2), existing_type=sa.Numeric(10, 2))


#% case type_numeric_other_scale
#% unsafe blocks: another scale rewrites
#% judged
def upgrade():
    op.alter_column("order_lines", "price", type_=sa.Numeric(14, 4), existing_type=sa.Numeric(10, 2))


#% case type_json_to_jsonb
#% unsafe blocks: json to jsonb parses and rewrites every row
#% judged
from sqlalchemy.dialects import postgresql


def upgrade():
    op.alter_column("orders", "meta", type_=postgresql.JSONB(), postgresql_using="meta::jsonb")


#% case type_enum_to_text
#% unsafe blocks: enum to text rewrites the table
#% judged
def upgrade():
    op.alter_column("orders", "state", type_=sa.Text(), existing_type=sa.Enum(name="order_state"), server_default=None, postgresql_using="state::text")


#% case type_of_column_in_a_view
#% unsafe fails: cannot alter type of a column used by a view
#% judged
def upgrade():
    op.alter_column("users", "email", type_=sa.String(254), existing_type=sa.String(120))


#% case set_not_null_plain
#% unsafe blocks: ACCESS EXCLUSIVE while the whole table is read
#% rows UPDATE orders SET reference = 'r'
#% judged
def upgrade():
    op.alter_column("orders", "reference", nullable=False)


#% case set_not_null_after_validated_check
#% safe: a validated check proves it (the old code always writes it; declared as a contract step)
#% rows UPDATE orders SET reference = 'r'
#% earlier
def upgrade():
    op.create_check_constraint("ck_orders_reference", "orders", "reference IS NOT NULL", postgresql_not_valid=True)


#% earlier
def upgrade():
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_reference")


#% judged
# alembic-safe: phase contract
def upgrade():
    op.alter_column("orders", "reference", existing_type=sa.String(40), nullable=False)
    op.drop_constraint("ck_orders_reference", "orders", type_="check")


#% case set_not_null_after_check_never_validated
#% unsafe blocks: the check was never validated, so it proves nothing
#% rows UPDATE orders SET reference = 'r'
#% earlier
def upgrade():
    op.create_check_constraint("ck_orders_reference", "orders", "reference IS NOT NULL", postgresql_not_valid=True)


#% judged
# alembic-safe: phase contract
def upgrade():
    op.alter_column("orders", "reference", existing_type=sa.String(40), nullable=False)


#% case drop_not_null
#% safe: loosening; the running code never writes NULL
#% app INSERT INTO users (email) VALUES ('probe@example.org')
#% judged
def upgrade():
    op.alter_column("users", "status", existing_type=sa.Text(), nullable=True)


#% case set_default
#% safe: only new rows that leave it out get it
#% judged
def upgrade():
    op.alter_column("users", "points", server_default="0")
