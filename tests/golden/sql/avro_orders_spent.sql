CREATE TEMPORARY TABLE `avro_orders_raw` (
  `placed_at` BIGINT,
  `customer` ROW<`id` STRING, `address` ROW<`country` STRING>>,
  `payment` ROW<`total` DECIMAL(12, 2), `day` DATE>,
  `items` ARRAY<ROW<`sku` STRING, `price` DECIMAL(9, 3)>>,
  `closed` BIGINT,
  `opens` INT,
  `kafka_time` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `placed_at_read` AS CASE WHEN `placed_at` BETWEEN -62135596800000000 AND 253402300799999999 THEN CAST(TO_TIMESTAMP_LTZ(`placed_at` / 1000 - CASE WHEN MOD(`placed_at`, 1000) < 0 THEN 1 ELSE 0 END, 3) AS TIMESTAMP(3)) END,
  `customer_read` AS `customer`.`id`,
  `country_read` AS `customer`.`address`.`country`,
  `total_read` AS `payment`.`total`,
  `first_item_read` AS `items`[1].`sku`,
  `second_price_read` AS `items`[2].`price`,
  `closed_read` AS CASE WHEN `closed` BETWEEN -62135596800000000 AND 253402300799999999 THEN CAST(TO_TIMESTAMP_LTZ(`closed` / 1000 - CASE WHEN MOD(`closed`, 1000) < 0 THEN 1 ELSE 0 END, 3) AS TIMESTAMP(3)) END,
  `day_read` AS `payment`.`day`,
  WATERMARK FOR `placed_at_read` AS CASE WHEN (
    `customer_read` IS NOT NULL
    AND `total_read` IS NOT NULL
    AND `placed_at_read` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `placed_at_read` <= (
      CAST(`kafka_time` AS TIMESTAMP(3)) + INTERVAL '1' DAY(2)
    )
    AND `total_read` >= -1000000000.0
    AND `total_read` <= 1000000000.0
    AND CHAR_LENGTH(`customer_read`) <= 1000
    AND (
      (
        `country_read` IS NULL
      ) OR (
        CHAR_LENGTH(`country_read`) <= 1000
      )
    )
    AND (
      (
        `first_item_read` IS NULL
      ) OR (
        CHAR_LENGTH(`first_item_read`) <= 1000
      )
    )
  ) THEN `placed_at_read` - INTERVAL '30' SECOND END
) WITH (
  'connector' = 'kafka',
  'topic' = 'avro-orders',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'fraudwatch-avro_orders_spent',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '10 s',
  'scan.topic-partition-discovery.interval' = '5 s',
  'format' = 'avro-confluent',
  'avro-confluent.url' = 'http://127.0.0.1:8081'
);

CREATE TEMPORARY VIEW `avro_orders` AS
SELECT `placed_at_read` AS `placed_at`, `customer_read` AS `customer`, `country_read` AS `country`, `total_read` AS `total`, `first_item_read` AS `first_item`, `second_price_read` AS `second_price`, `closed_read` AS `closed`, `opens`, `day_read` AS `day`
FROM `avro_orders_raw`
WHERE (
    `customer_read` IS NOT NULL
    AND `total_read` IS NOT NULL
    AND `placed_at_read` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `placed_at_read` <= (
      CAST(`kafka_time` AS TIMESTAMP(3)) + INTERVAL '1' DAY(2)
    )
    AND `total_read` >= -1000000000.0
    AND `total_read` <= 1000000000.0
    AND CHAR_LENGTH(`customer_read`) <= 1000
    AND (
      (
        `country_read` IS NULL
      ) OR (
        CHAR_LENGTH(`country_read`) <= 1000
      )
    )
    AND (
      (
        `first_item_read` IS NULL
      ) OR (
        CHAR_LENGTH(`first_item_read`) <= 1000
      )
    )
  );

CREATE TEMPORARY TABLE `avro_orders_spent_sink` (
  `customer` STRING,
  `placed_at` TIMESTAMP(3),
  `spent` DECIMAL(38, 2),
  `orders` BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = 'avro_orders_spent',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.compression.type' = 'none',
  'sink.delivery-guarantee' = 'at-least-once',
  'key.format' = 'raw',
  'key.fields' = 'customer',
  'value.format' = 'json',
  'value.fields-include' = 'ALL',
  'value.json.timestamp-format.standard' = 'SQL'
);

INSERT INTO `avro_orders_spent_sink`
SELECT
  `t0`.`customer`,
  `t0`.`placed_at`,
  SUM(`t0`.`total`) OVER (
    PARTITION BY `t0`.`customer`
    ORDER BY `t0`.`placed_at` ASC NULLS LAST
    RANGE BETWEEN INTERVAL '1' HOUR(2) preceding AND CURRENT ROW
  ) AS `spent`,
  COUNT(*) OVER (
    PARTITION BY `t0`.`customer`
    ORDER BY `t0`.`placed_at` ASC NULLS LAST
    RANGE BETWEEN INTERVAL '1' HOUR(2) preceding AND CURRENT ROW
  ) AS `orders`
FROM `avro_orders` AS `t0`;
