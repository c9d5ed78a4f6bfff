"""Streams whose columns are inside of objects and arrays, and features over each."""

import ibis
import ibis.expr.types as ir

from fraudwatch import feature, source

# As services write their events: objects in objects, arrays, and names that are none in Python.
orders = source(
    topic="orders",
    schema={
        "placed_at": "timestamp(3)",
        "customer": "string",
        "total": "decimal(12, 2)",
        "country": "string",
        "first_item": "string",
        "second_quantity": "int32",
        "card_number": "string",
        "paid": "boolean",
        "shipped_at": "timestamp(3)",
        "stars": "int8",
    },
    time="placed_at",
    time_format="iso",
    user="customer",
    amount="total",
    required=("customer",),
    sensitive=("card_number",),
    paths={
        "placed_at": "meta.placedAt",
        "customer": "customer.id",
        "total": "payment.total",
        "country": "customer.address.country",
        "first_item": "items[0].sku",
        "second_quantity": "items[1].quantity",
        "card_number": "payment.card-number",
        "paid": '"is.paid"',
        "stars": "meta.stars",
    },
)

# The same without decimals, which changes how Flink reads numbers, and with times that it reads.
clicks = source(
    topic="clicks",
    schema={
        "at": "timestamp(3)",
        "kafka_time": "string",
        "code": "string",
        "x": "float64",
        "n": "int64",
        "tiny": "int8",
        "day": "date",
        "tag": "string",
    },
    time="at",
    watermark="1h",
    user="code",
    paths={
        "at": "data.at",
        "code": "data.code",
        "x": "data.x",
        "n": "data.n",
        "tiny": "data.tiny",
        "day": "data.day",
        "tag": "data.tags[1][0]",
    },
)


@feature(topic="nested_orders_as_read", source=orders)
def orders_as_read(orders: ir.Table) -> ir.Table:
    """Every column, as Flink reads it."""
    return orders.select(*orders.columns)


@feature(topic="nested_customer_hours", source=orders)
def customer_hours(orders: ir.Table) -> ir.Table:
    """Orders of a customer in each hour, and what they cost."""
    hours = orders.window_by(orders.placed_at).tumble(size=ibis.interval(hours=1))
    return hours.agg(by=["customer"], spent=ibis._.total.sum(), n=ibis._.count())


@feature(topic="nested_clicks_as_read", source=clicks)
def clicks_as_read(clicks: ir.Table) -> ir.Table:
    """Every column, as Flink reads it."""
    return clicks.select(*clicks.columns)
