-- What stands here besides ../base.sql.
CREATE INDEX ix_orders_customer_state ON orders (customer_id, state);
