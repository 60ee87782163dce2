"""Constraints."""

#% case check_plain
#% unsafe blocks: all rows are read under ACCESS EXCLUSIVE
#% judged
def upgrade():
    op.create_check_constraint("ck_lines_qty", "order_lines", "qty > 0")


#% case check_not_valid
#% safe: only new rows are checked, and what the application writes passes
#% app INSERT INTO order_lines (id, order_id, sku, qty) VALUES (9001, 1, 'a', 1)
#% earlier
def upgrade():
    pass


#% judged
# alembic-safe: phase contract
def upgrade():
    op.create_check_constraint("ck_lines_qty", "order_lines", "qty > 0", postgresql_not_valid=True)


#% judged
def upgrade():
    op.execute("ALTER TABLE order_lines VALIDATE CONSTRAINT ck_lines_qty")


#% case check_validate_alone
#% safe: VALIDATE lets reads and writes through
#% earlier
def upgrade():
    op.execute("ALTER TABLE order_lines ADD CONSTRAINT ck_lines_qty CHECK (qty > 0) NOT VALID")


#% judged
def upgrade():
    op.execute("ALTER TABLE order_lines VALIDATE CONSTRAINT ck_lines_qty")


#% case check_not_valid_and_validate_together
#% unsafe blocks: the ADD's lock is held while VALIDATE reads
#% judged
def upgrade():
    op.execute("""
        ALTER TABLE order_lines ADD CONSTRAINT ck_lines_qty CHECK (qty > 0) NOT VALID;
        ALTER TABLE order_lines VALIDATE CONSTRAINT ck_lines_qty;
    """)


#% case foreign_key_plain
#% unsafe blocks: both tables refuse writes while all rows are checked
#% rows UPDATE order_lines SET warehouse_id = 1
#% judged
def upgrade():
    op.create_foreign_key("fk_lines_warehouse", "order_lines", "warehouses", ["warehouse_id"], ["id"])


#% case foreign_key_not_valid_then_validate
#% safe: two revisions, two transactions
#% rows UPDATE order_lines SET warehouse_id = 1
#% earlier
def upgrade():
    with op.get_context().autocommit_block():
        op.create_index("ix_lines_warehouse", "order_lines", ["warehouse_id"], postgresql_concurrently=True)


#% judged
# alembic-safe: phase contract
def upgrade():
    op.create_foreign_key(
        "fk_lines_warehouse", "order_lines", "warehouses", ["warehouse_id"], ["id"], postgresql_not_valid=True
    )


#% judged
def upgrade():
    op.execute("ALTER TABLE order_lines VALIDATE CONSTRAINT fk_lines_warehouse")


#% case foreign_key_between_new_tables
#% safe: both ends are made here
#% judged
def upgrade():
    op.create_table("plans", sa.Column("id", sa.Integer, primary_key=True))
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("plan_id", sa.Integer, nullable=False, index=True),
    )
    op.create_foreign_key("fk_sub_plan", "subscriptions", "plans", ["plan_id"], ["id"])


#% case unique_plain
#% unsafe blocks: builds the index under ACCESS EXCLUSIVE
#% judged
def upgrade():
    op.create_unique_constraint("uq_orders_reference", "orders", ["reference"])


#% case unique_using_index
#% safe: the index was built concurrently before; attaching it is instant
#% earlier
def upgrade():
    with op.get_context().autocommit_block():
        op.create_index("uq_orders_reference", "orders", ["reference"], unique=True, postgresql_concurrently=True)


#% judged
def upgrade():
    op.execute("ALTER TABLE orders ADD CONSTRAINT uq_orders_reference UNIQUE USING INDEX uq_orders_reference")


#% case unique_in_batch
#% unsafe blocks: a unique constraint in batch mode is built under ACCESS EXCLUSIVE
#% judged
def upgrade():
    with op.batch_alter_table("warehouses") as batch_op:
        batch_op.create_unique_constraint("uq_warehouses_title", ["title"])


#% case unique_column_flag_on_new_column
#% unsafe blocks: unique=True on an added column is a separate ADD UNIQUE
#% judged
def upgrade():
    op.add_column("users", sa.Column("slug", sa.String(64), unique=True))


#% case primary_key_on_old_table
#% unsafe blocks: index build and a scan under ACCESS EXCLUSIVE
#% earlier
def upgrade():
    op.create_table("tags", sa.Column("name", sa.String(64)), sa.Column("order_id", sa.Integer))


#% judged
def upgrade():
    op.create_primary_key("pk_tags", "tags", ["name", "order_id"])


#% case drop_check_constraint
#% unsafe breaks: what the check kept out may come in, and is not declared
#% app INSERT INTO orders (id, total) VALUES (9002, -1)
#% judged
def upgrade():
    op.drop_constraint("ck_orders_total", "orders", type_="check")


#% case exclusion
#% unsafe blocks: no concurrent form exists
#% judged
def upgrade():
    op.execute("ALTER TABLE orders ADD CONSTRAINT ex_orders_placed EXCLUDE USING gist (tsrange(placed_at, placed_at, '[]') WITH &&) WHERE (id < 0)")


#% case domain_check
#% unsafe blocks: SHARE on every table that uses the domain
#% earlier
def upgrade():
    op.execute("ALTER TABLE warehouses ADD COLUMN code label")


#% judged
def upgrade():
    op.execute("ALTER DOMAIN label ADD CONSTRAINT label_short CHECK (length(VALUE) < 100)")
