"""A stream in Avro whose columns are inside of records and arrays, and features over it."""

import ibis

from fraudwatch import feature, source

orders = source(
    topic="avro-orders",
    format="avro-confluent",
    schema={
        "placed_at": "timestamp(3)",
        "customer": "string",
        "country": "string",
        "total": "decimal(12, 2)",
        "first_item": "string",
        "second_price": "decimal(9, 3)",
        "closed": "timestamp(3)",
        "opens": "int32",
        "day": "date",
    },
    time="placed_at",
    time_format="epoch-us",
    user="customer",
    amount="total",
    required=("customer", "total"),
    paths={
        "customer": "customer.id",
        "country": "customer.address.country",
        "total": "payment.total",
        "first_item": "items[0].sku",
        "second_price": "items[1].price",
        "day": "payment.day",
    },
)


@feature(topic="avro_orders_as_read", source=orders)
def avro_orders_as_read(orders):
    """Every column, as Flink reads it."""
    return orders.select(*orders.columns)


@feature(topic="avro_orders_spent", source=orders)
def avro_orders_spent(orders):
    """Sum and number of a customer's orders of the last hour."""
    hour = ibis.range_window(
        group_by=orders.customer,
        order_by=orders.placed_at,
        preceding=ibis.interval(hours=1),
        following=0,
    )
    return orders.select(
        "customer",
        "placed_at",
        spent=orders.total.sum().over(hour),
        orders=orders.count().over(hour),
    )
