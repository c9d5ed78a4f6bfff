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
  'properties.group.id' = 'fraudwatch-carts_looked_into',
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

CREATE TEMPORARY TABLE `carts_looked_into_sink` (
  `at` TIMESTAMP(3),
  `account` STRING,
  `tags` BIGINT,
  `gift` BOOLEAN,
  `number` BOOLEAN,
  `no_tags` BOOLEAN,
  `counts` BIGINT,
  `three` BOOLEAN,
  `code` BOOLEAN,
  `codes` BIGINT,
  `flagged` BOOLEAN,
  `half` BOOLEAN
) WITH (
  'connector' = 'kafka',
  'topic' = 'carts_looked_into',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.compression.type' = 'none',
  'sink.delivery-guarantee' = 'at-least-once',
  'key.format' = 'raw',
  'key.fields' = 'account',
  'value.format' = 'json',
  'value.fields-include' = 'ALL',
  'value.json.timestamp-format.standard' = 'SQL'
);

INSERT INTO `carts_looked_into_sink`
SELECT
  `t0`.`at`,
  `t0`.`account`,
  CARDINALITY(`t0`.`tags`) AS `tags`,
  ARRAY_CONTAINS(`t0`.`tags`, CAST('gift' AS STRING)) AS `gift`,
  ARRAY_CONTAINS(`t0`.`tags`, CAST('1.1' AS STRING)) AS `number`,
  `t0`.`tags` IS NULL AS `no_tags`,
  CARDINALITY(`t0`.`counts`) AS `counts`,
  ARRAY_CONTAINS(`t0`.`counts`, CAST(3 AS BIGINT)) AS `three`,
  ARRAY_CONTAINS(`t0`.`codes`, CAST(5 AS TINYINT)) AS `code`,
  CARDINALITY(`t0`.`codes`) AS `codes`,
  ARRAY_CONTAINS(`t0`.`flags`, CAST(TRUE AS BOOLEAN)) AS `flagged`,
  ARRAY_CONTAINS(`t0`.`ratios`, CAST(0.5E0 AS DOUBLE)) AS `half`
FROM `carts` AS `t0`;
