"""The shop's history that every case of this set stands on. Sections become revision files."""

#% earlier
def upgrade():
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("email", sa.String(120), nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("nickname", sa.String(50)),
        sa.Column("status", sa.Text, nullable=False, server_default="active"),
        sa.Column("country", sa.CHAR(2)),
        sa.Column("points", sa.Integer),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
    )
    op.create_index("ux_users_email", "users", ["email"], unique=True)
    op.create_index("ix_users_lower_name", "users", [sa.text("lower(name)")])


#% earlier
order_state = sa.Enum("new", "paid", "shipped", name="order_state")


def upgrade():
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id", name="fk_orders_user")),
        sa.Column("total", sa.Numeric(10, 2), nullable=False),
        sa.Column("state", order_state, nullable=False, server_default="new"),
        sa.Column("note", sa.String(200)),
        sa.Column("reference", sa.String(40)),
        sa.Column("placed_at", sa.DateTime),
        sa.Column("meta", sa.JSON),
        sa.CheckConstraint("total >= 0", name="ck_orders_total"),
    )
    op.create_index("ix_orders_user_id", "orders", ["user_id"])
    op.create_index("ix_orders_open", "orders", ["placed_at"], postgresql_where=sa.text("note IS NOT NULL"))
    op.create_table(
        "order_lines",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("order_id", sa.Integer, sa.ForeignKey("orders.id", name="fk_lines_order"), nullable=False),
        sa.Column("sku", sa.String(40), nullable=False),
        sa.Column("qty", sa.Integer, nullable=False),
        sa.Column("price", sa.Numeric(10, 2)),
        sa.Column("warehouse_id", sa.Integer),
    )
    op.create_table("warehouses", sa.Column("id", sa.Integer, primary_key=True), sa.Column("title", sa.Text))


#% earlier
def upgrade():
    op.execute("""
        CREATE TABLE measurements (
            at timestamptz NOT NULL,
            device integer NOT NULL,
            value double precision
        ) PARTITION BY RANGE (at);
        CREATE TABLE measurements_2024 PARTITION OF measurements FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        CREATE TABLE measurements_2025 PARTITION OF measurements FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    """)
    op.execute("CREATE DOMAIN positive_int AS integer CHECK (VALUE > 0)")
    op.execute("CREATE DOMAIN label AS text")
    op.execute("CREATE VIEW active_users AS SELECT id, email FROM users WHERE status = 'active'")
    op.execute("CREATE MATERIALIZED VIEW daily_totals AS SELECT placed_at::date AS day, sum(total) AS total FROM orders GROUP BY 1")
    op.execute("CREATE UNIQUE INDEX ux_daily_totals ON daily_totals (day)")


#% earlier
def upgrade():
    op.execute("""
        CREATE FUNCTION touch_order() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.placed_at := coalesce(NEW.placed_at, now());
            RETURN NEW;
        END $$
    """)
    op.execute("CREATE TRIGGER orders_touch BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touch_order()")
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("what", sa.Text),
        sa.Column("actor", sa.Integer),
        sa.Column("payload", sa.JSON),
    )
