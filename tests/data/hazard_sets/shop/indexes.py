"""Indexes."""

#% case index_plain
#% unsafe blocks: CREATE INDEX holds SHARE on orders while it reads all of it
#% judged
def upgrade():
    op.create_index("ix_orders_reference", "orders", ["reference"])


def downgrade():
    op.drop_index("ix_orders_reference", table_name="orders")


#% case index_concurrent
#% safe: built concurrently in an autocommit block, alone
#% judged
def upgrade():
    with op.get_context().autocommit_block():
        op.create_index("ix_orders_reference", "orders", ["reference"], postgresql_concurrently=True)


def downgrade():
    with op.get_context().autocommit_block():
        op.drop_index("ix_orders_reference", table_name="orders", postgresql_concurrently=True)


#% case index_concurrent_in_transaction
#% unsafe fails: CREATE INDEX CONCURRENTLY cannot run inside a transaction block
#% judged
def upgrade():
    op.create_index("ix_orders_reference", "orders", ["reference"], postgresql_concurrently=True)


#% case index_on_table_made_in_same_revision
#% safe: nobody can use a table that is not committed yet
#% judged
def upgrade():
    op.create_table(
        "coupons",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("valid_until", sa.Date),
    )
    op.create_index(op.f("ix_coupons_code"), "coupons", ["code"], unique=True)
    op.create_index(op.f("ix_coupons_valid_until"), "coupons", ["valid_until"])


#% case index_on_table_made_one_revision_before_in_same_plan
#% safe: the table came into being in this very upgrade, no old code uses it and it is empty
#% judged
def upgrade():
    op.create_table("coupons", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("code", sa.Text))


#% judged
def upgrade():
    op.create_index("ix_coupons_code", "coupons", ["code"])


#% case index_in_loop_over_tables
#% unsafe blocks: three plain index builds hidden in a loop
#% judged
TABLES = ("orders", "order_lines", "audit_log")


def upgrade():
    for table in TABLES:
        column = {"orders": "reference", "order_lines": "sku", "audit_log": "actor"}[table]
        op.execute(f"CREATE INDEX ix_{table}_{column} ON {table} ({column})")


def downgrade():
    for table in TABLES:
        op.execute(f"DROP INDEX ix_{table}")


#% case index_in_loop_over_new_tables
#% safe: the loop makes the tables and their indexes together
#% judged
def upgrade():
    for name in ("imports", "exports"):
        op.create_table(
            name,
            sa.Column("id", sa.BigInteger, primary_key=True),
            sa.Column("started_at", sa.DateTime(timezone=True)),
        )
        op.execute(f"CREATE INDEX ix_{name}_started_at ON {name} (started_at)")


#% case index_in_do_block
#% unsafe blocks: the DO block builds an index on a live table
#% judged
def upgrade():
    op.execute("""
        DO $$
        BEGIN
            IF NOT EXISTS (SELECT 1 FROM pg_indexes WHERE indexname = 'ix_orders_reference') THEN
                CREATE INDEX ix_orders_reference ON orders (reference);
            END IF;
        END
        $$;
    """)


#% case index_drop_concurrently
#% safe: dropped concurrently
#% judged
def upgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_orders_open")


#% case index_unique_with_duplicates_possible
#% unsafe blocks: a plain unique index on a live table
#% judged
def upgrade():
    conn = op.get_bind()
    conn.execute(sa.text("CREATE UNIQUE INDEX ux_orders_reference ON orders (reference)"))


#% case index_reindex_table
#% unsafe blocks: REINDEX TABLE stops writes for the whole rebuild
#% judged
def upgrade():
    op.execute("REINDEX TABLE orders")


#% case index_reindex_concurrently
#% safe: REINDEX CONCURRENTLY in an autocommit block
#% judged
def upgrade():
    with op.get_context().autocommit_block():
        op.execute("REINDEX INDEX CONCURRENTLY ix_orders_user_id")


#% case index_on_partitioned_parent
#% unsafe blocks: SHARE on every partition until the last is built
#% judged
def upgrade():
    op.create_index("ix_measurements_device", "measurements", ["device"])


#% case index_on_only_parent
#% safe: ON ONLY makes the parent's index invalid and empty; nothing is scanned
#% judged
def upgrade():
    op.execute("CREATE INDEX ix_measurements_device ON ONLY measurements (device)")


#% case index_partitions_concurrently
#% safe: partition by partition, concurrently, then attached
#% earlier
def upgrade():
    op.execute("CREATE INDEX ix_measurements_device ON ONLY measurements (device)")


#% judged
PARTITIONS = ["measurements_2024", "measurements_2025"]


def upgrade():
    with op.get_context().autocommit_block():
        for part in PARTITIONS:
            op.execute(f"CREATE INDEX CONCURRENTLY ix_{part}_device ON {part} (device)")


#% judged
def upgrade():
    for part in ("measurements_2024", "measurements_2025"):
        op.execute(f"ALTER INDEX ix_measurements_device ATTACH PARTITION ix_{part}_device")


#% case index_rename
#% safe: a name of an index that no query uses; only the index is locked, for a moment
#% judged
def upgrade():
    op.execute("ALTER INDEX ix_orders_open RENAME TO ix_orders_with_note")


#% case index_in_batch_op
#% unsafe blocks: batch mode on PostgreSQL is a plain CREATE INDEX
#% judged
def upgrade():
    with op.batch_alter_table("order_lines", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_lines_sku"), ["sku"], unique=False)


#% case index_concurrent_sa_text_bind
#% safe: concurrently through the connection, in an autocommit block, from a helper
#% judged
def _index(name, table, *columns):
    op.execute(sa.text(f"CREATE INDEX CONCURRENTLY {name} ON {table} ({', '.join(columns)})"))


def upgrade():
    with op.get_context().autocommit_block():
        _index("ix_orders_reference", "orders", "reference")


#% case index_column_flag
#% unsafe blocks: index=True on an added column is a plain CREATE INDEX on the old table
#% judged
def upgrade():
    op.add_column("orders", sa.Column("tracking", sa.String(64), index=True))
