CREATE TEMPORARY TABLE `csv_transfers_raw` (
  `at` TIMESTAMP(3),
  `account` STRING,
  `amount` DECIMAL(12, 2),
  `settled_at` TIMESTAMP(3),
  `note` STRING,
  `big` BIGINT,
  `num` INT,
  `small` SMALLINT,
  `tiny` TINYINT,
  `score` DOUBLE,
  `ratio` FLOAT,
  `ok` BOOLEAN,
  `day` DATE,
  `fee` DECIMAL(20, 8),
  `kafka_time` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `sound` AS (
    `at` IS NOT NULL
    AND `account` IS NOT NULL
    AND `amount` IS NOT NULL
    AND `at` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `at` <= (
      CAST(`kafka_time` AS TIMESTAMP(3)) + INTERVAL '1' DAY(2)
    )
    AND `amount` >= -1000000000.0
    AND `amount` <= 1000000000.0
    AND (
      (
        `score` IS NULL
      )
      OR (
        (
          `score` >= -1E+300
        ) AND (
          `score` <= 1e+300
        )
      )
    )
    AND (
      (
        `ratio` IS NULL
      )
      OR (
        (
          `ratio` >= -1E+300
        ) AND (
          `ratio` <= 1e+300
        )
      )
    )
    AND CHAR_LENGTH(`account`) <= 1000
    AND (
      (
        `note` IS NULL
      ) OR (
        CHAR_LENGTH(`note`) <= 1000
      )
    )
  ),
  WATERMARK FOR `at` AS CASE WHEN `sound` THEN `at` - INTERVAL '30' SECOND END
) WITH (
  'connector' = 'kafka',
  'topic' = 'csv-transfers',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'fraudwatch-csv_transfers_as_read',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '10 s',
  'scan.topic-partition-discovery.interval' = '5 s',
  'format' = 'csv',
  'csv.ignore-parse-errors' = 'true',
  'csv.null-literal' = ''
);

CREATE TEMPORARY VIEW `csv_transfers` AS
SELECT `at`, `account`, `amount`, `settled_at`, `note`, `big`, `num`, `small`, `tiny`, `score`, `ratio`, `ok`, `day`, `fee`
FROM `csv_transfers_raw`
WHERE `sound`;

CREATE TEMPORARY TABLE `csv_transfers_as_read_sink` (
  `at` TIMESTAMP(3),
  `account` STRING,
  `amount` DECIMAL(12, 2),
  `settled_at` TIMESTAMP(3),
  `note` STRING,
  `big` BIGINT,
  `num` INT,
  `small` SMALLINT,
  `tiny` TINYINT,
  `score` DOUBLE,
  `ratio` FLOAT,
  `ok` BOOLEAN,
  `day` DATE,
  `fee` DECIMAL(20, 8)
) WITH (
  'connector' = 'kafka',
  'topic' = 'csv_transfers_as_read',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.compression.type' = 'none',
  'sink.delivery-guarantee' = 'at-least-once',
  'key.format' = 'raw',
  'key.fields' = 'account',
  'value.format' = 'json',
  'value.fields-include' = 'ALL',
  'value.json.timestamp-format.standard' = 'SQL'
);

INSERT INTO `csv_transfers_as_read_sink`
SELECT
  *
FROM `csv_transfers` AS `t0`;
