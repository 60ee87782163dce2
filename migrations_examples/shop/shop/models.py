"""The shop's tables as the newest code maps them. They equal what the newest revision leaves behind."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Customer(Base):  # type: ignore[misc, valid-type]
    """Who buys. Before revision 0010 there was one `name` in place of the two."""

    __tablename__ = "customers"
    __table_args__ = (sa.UniqueConstraint("email", name="uq_customers_email"),)

    id = sa.Column(sa.Integer, primary_key=True)
    email = sa.Column(sa.String(200), nullable=False)
    given_name = sa.Column(sa.String(200), nullable=False)
    family_name = sa.Column(sa.String(200), nullable=False)
    created_at = sa.Column(sa.DateTime, nullable=False, server_default=sa.func.now())


class Product(Base):  # type: ignore[misc, valid-type]
    """What is sold. Prices are whole cents."""

    __tablename__ = "products"
    __table_args__ = (
        sa.UniqueConstraint("sku", name="uq_products_sku"),
        sa.CheckConstraint("price_cents >= 0", name="ck_products_price_cents"),
    )

    id = sa.Column(sa.Integer, primary_key=True)
    sku = sa.Column(sa.String(40), nullable=False)
    title = sa.Column(sa.String(200), nullable=False)
    price_cents = sa.Column(sa.Integer, nullable=False)


class Order(Base):  # type: ignore[misc, valid-type]
    """A customer's order; `status` is open, paid or shipped."""

    __tablename__ = "orders"
    __table_args__ = (sa.Index("ix_orders_customer_id", "customer_id"),)

    id = sa.Column(sa.Integer, primary_key=True)
    customer_id = sa.Column(
        sa.Integer, sa.ForeignKey("customers.id", name="fk_orders_customer_id"), nullable=False
    )
    status = sa.Column(sa.String(20), nullable=False, server_default="open")
    placed_at = sa.Column(sa.DateTime, nullable=False, server_default=sa.func.now())


class OrderLine(Base):  # type: ignore[misc, valid-type]
    """One product of an order."""

    __tablename__ = "order_lines"

    id = sa.Column(sa.Integer, primary_key=True)
    order_id = sa.Column(
        sa.Integer, sa.ForeignKey("orders.id", name="fk_order_lines_order_id"), nullable=False
    )
    product_id = sa.Column(
        sa.Integer, sa.ForeignKey("products.id", name="fk_order_lines_product_id"), nullable=False
    )
    quantity = sa.Column(sa.Integer, nullable=False, server_default="1")
