"""Tables, data, types, transactions."""

#% case drop_table_undeclared
#% unsafe breaks: data is gone and code that reads it fails
#% app SELECT count(*) FROM audit_log
#% judged
def upgrade():
    op.drop_table("audit_log")


#% case drop_table_in_helper
#% unsafe breaks: the helper in the sibling module drops it
#% app SELECT count(*) FROM audit_log
#% file shop_helpers.py
from alembic import op


def retire(name):
    op.execute("DROP TABLE IF EXISTS " + name)
#% judged
from shop_helpers import retire


def upgrade():
    retire("audit_log")


#% case helper_adds_timestamps
#% safe: the sibling's helper adds two nullable columns
#% file shop_helpers.py
import sqlalchemy as sa
from alembic import op


def timestamps(table):
    for name in ("made_at", "changed_at"):
        op.add_column(table, sa.Column(name, sa.DateTime(timezone=True)))
#% judged
from shop_helpers import timestamps


def upgrade():
    timestamps("warehouses")


#% case rename_table
#% unsafe breaks: the old name is gone
#% app SELECT count(*) FROM warehouses
#% judged
def upgrade():
    op.rename_table("warehouses", "depots")


#% case truncate
#% unsafe loses: all rows are gone
#% app SELECT count(*) > 0 FROM audit_log
#% judged
def upgrade():
    op.execute("TRUNCATE audit_log")


#% case backfill_whole_table
#% unsafe rows: every row is locked until the end of one transaction
#% judged
def upgrade():
    op.add_column("users", sa.Column("locale", sa.Text))
    op.execute("UPDATE users SET locale = 'en' WHERE locale IS NULL")


#% case update_lookup_by_key
#% safe: one row by its key
#% judged
def upgrade():
    op.execute("UPDATE warehouses SET title = 'Main' WHERE id = 1")


#% case insert_lookup_rows
#% safe: a few new rows
#% judged
warehouses = sa.table("warehouses", sa.column("id", sa.Integer), sa.column("title", sa.Text))


def upgrade():
    op.bulk_insert(warehouses, [{"id": 7001, "title": "North"}, {"id": 7002, "title": "South"}])


def downgrade():
    op.execute("DELETE FROM warehouses WHERE id IN (7001, 7002)")


#% case delete_without_where
#% unsafe loses: all rows
#% app SELECT count(*) > 0 FROM audit_log
#% judged
def upgrade():
    op.get_bind().exec_driver_sql("DELETE FROM audit_log")


#% case fill_new_table
#% safe: the table is new, its rows are the revision's own
#% judged
def upgrade():
    t = op.create_table("currencies", sa.Column("code", sa.CHAR(3), primary_key=True), sa.Column("name", sa.Text))
    op.bulk_insert(t, [{"code": "EUR", "name": "Euro"}, {"code": "USD", "name": "US dollar"}])
    op.execute("UPDATE currencies SET name = upper(name)")


#% case enum_value_in_autocommit
#% safe: the value is committed before anybody uses it
#% judged
def upgrade():
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE order_state ADD VALUE IF NOT EXISTS 'returned'")


#% case enum_value_used_at_once
#% unsafe fails: unsafe use of new value
#% judged
def upgrade():
    op.execute("ALTER TYPE order_state ADD VALUE 'returned'")
    op.execute("UPDATE orders SET state = 'returned' WHERE id = 1")


#% case enum_rename_value
#% unsafe breaks: the running code sends the old name
#% app SELECT count(*) FROM orders WHERE state = 'paid'
#% judged
def upgrade():
    op.execute("ALTER TYPE order_state RENAME VALUE 'paid' TO 'settled'")


#% case refresh_materialized_view
#% unsafe blocks: readers wait for the whole query
#% judged
def upgrade():
    op.execute("REFRESH MATERIALIZED VIEW daily_totals")


#% case refresh_materialized_view_concurrently
#% safe: readers pass
#% judged
def upgrade():
    op.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY daily_totals")


#% case drop_view
#% unsafe breaks: readers of the view fail
#% app SELECT count(*) FROM active_users
#% judged
def upgrade():
    op.execute("DROP VIEW active_users")


#% case replace_view_with_more_columns
#% safe: a column more at the end
#% app SELECT id, email FROM active_users
#% judged
def upgrade():
    op.execute("CREATE OR REPLACE VIEW active_users AS SELECT id, email, country FROM users WHERE status = 'active'")


#% case partition_attach_without_proof
#% unsafe blocks: the attached table is read under ACCESS EXCLUSIVE
#% rows DELETE FROM measurements_2026 WHERE at < '2026-01-01'
#% earlier
def upgrade():
    op.execute("CREATE TABLE measurements_2026 (LIKE measurements INCLUDING DEFAULTS)")
    op.execute("INSERT INTO measurements_2026 SELECT '2026-01-02'::timestamptz + n * interval '1 minute', n, 1.0 FROM generate_series(1, 200) n")


#% judged
def upgrade():
    op.execute("ALTER TABLE measurements ATTACH PARTITION measurements_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')")


#% case partition_attach_new_and_empty
#% safe: a new empty table, and no default partition to read
#% judged
def upgrade():
    op.execute("CREATE TABLE measurements_2026 (LIKE measurements INCLUDING DEFAULTS)")
    op.execute("ALTER TABLE measurements ATTACH PARTITION measurements_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')")


#% case cluster
#% unsafe blocks: rewritten under ACCESS EXCLUSIVE
#% judged
def upgrade():
    op.execute("CLUSTER orders USING ix_orders_user_id")


#% case commit_in_sql
#% unsafe judged: ends alembic's transaction: the version row and the change come apart
#% judged
def upgrade():
    op.execute("COMMIT")
    op.execute("CREATE INDEX CONCURRENTLY ix_orders_reference ON orders (reference)")
    op.execute("BEGIN")


#% case create_trigger_on_live_table
#% unsafe breaks: every write of the running application does something new
#% app UPDATE users SET name = 'x' WHERE id = 1
#% judged
def upgrade():
    op.execute("""
        CREATE FUNCTION no_updates() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'not here'; END $$
    """)
    op.execute("CREATE TRIGGER users_no_updates BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION no_updates()")


#% case comment_only
#% safe: a comment
#% judged
def upgrade():
    op.create_table_comment("users", "people who can log in")
    op.alter_column("users", "points", comment="loyalty points")


#% case set_unlogged
#% unsafe blocks: rewritten, and emptied after a crash
#% judged
def upgrade():
    op.execute("ALTER TABLE audit_log SET UNLOGGED")


#% case vacuum_analyze_later
#% safe: ANALYZE lets everybody through
#% judged
def upgrade():
    op.execute("ANALYZE orders")


#% case several_statements_one_bad
#% unsafe blocks: the third of four harmless-looking statements builds an index
#% judged
def upgrade():
    op.execute("""
        COMMENT ON TABLE orders IS 'customer orders; shipped ones too';
        ALTER TABLE orders ADD COLUMN IF NOT EXISTS channel text;
        CREATE INDEX IF NOT EXISTS ix_orders_channel ON orders (channel);
        COMMENT ON COLUMN orders.channel IS 'web; app';
    """)


#% case grant_select
#% safe: only more rights
#% judged
def upgrade():
    op.execute("GRANT SELECT ON orders TO PUBLIC")


#% case row_security
#% unsafe judged: with no policy, all rows are hidden from the application's role
#% judged
def upgrade():
    op.execute("ALTER TABLE orders ENABLE ROW LEVEL SECURITY")
