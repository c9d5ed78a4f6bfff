CREATE TEMPORARY TABLE `carts_raw` (
  `at` TIMESTAMP(3),
  `account` STRING,
  `tags` ARRAY<STRING>,
  `cart` ROW<`counts` ARRAY<BIGINT>, `lines` ARRAY<ROW<`ratios` ARRAY<DOUBLE>>>>,
  `codes` ARRAY<TINYINT>,
  `flags` ARRAY<BOOLEAN>,
  `kafka_time` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `counts_read` AS `cart`.`counts`,
  `ratios_read` AS `cart`.`lines`[1].`ratios`,
  WATERMARK FOR `at` AS CASE WHEN (
    `at` IS NOT NULL
    AND `account` IS NOT NULL
    AND `at` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `at` <= (
      CAST(`kafka_time` AS TIMESTAMP(3)) + INTERVAL '1' DAY(2)
    )
    AND CHAR_LENGTH(`account`) <= 1000
  ) THEN `at` - INTERVAL '30' SECOND END
) WITH (
  'connector' = 'kafka',
  'topic' = 'carts',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'fraudwatch-carts_with_gifts',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '10 s',
  'scan.topic-partition-discovery.interval' = '5 s',
  'format' = 'json',
  'json.decode.json-parser.enabled' = 'false',
  'json.ignore-parse-errors' = 'true',
  'json.timestamp-format.standard' = 'SQL'
);

CREATE TEMPORARY VIEW `carts` AS
SELECT `at`, `account`, `tags`, `counts_read` AS `counts`, `codes`, `flags`, `ratios_read` AS `ratios`
FROM `carts_raw`
WHERE (
    `at` IS NOT NULL
    AND `account` IS NOT NULL
    AND `at` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `at` <= (
      CAST(`kafka_time` AS TIMESTAMP(3)) + INTERVAL '1' DAY(2)
    )
    AND CHAR_LENGTH(`account`) <= 1000
  );

CREATE TEMPORARY TABLE `carts_with_gifts_sink` (
  `account` STRING,
  `at` TIMESTAMP(3),
  `tags` BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = 'carts_with_gifts',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.compression.type' = 'none',
  'sink.delivery-guarantee' = 'at-least-once',
  'key.format' = 'raw',
  'key.fields' = 'account',
  'value.format' = 'json',
  'value.fields-include' = 'ALL',
  'value.json.timestamp-format.standard' = 'SQL'
);

INSERT INTO `carts_with_gifts_sink`
SELECT
  `t1`.`account`,
  `t1`.`at`,
  SUM(CARDINALITY(`t1`.`tags`)) OVER (
    PARTITION BY `t1`.`account`
    ORDER BY `t1`.`at` ASC NULLS LAST
    RANGE BETWEEN INTERVAL '1' HOUR(2) preceding AND CURRENT ROW
  ) AS `tags`
FROM (
  SELECT
    *
  FROM `carts` AS `t0`
  WHERE
    ARRAY_CONTAINS(`t0`.`tags`, CAST('gift' AS STRING))
) AS `t1`;
