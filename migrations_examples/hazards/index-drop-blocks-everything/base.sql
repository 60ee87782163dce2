-- What stands here besides ../base.sql.
CREATE INDEX ix_customers_id ON customers (id);
