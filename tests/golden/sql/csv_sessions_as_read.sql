CREATE TEMPORARY TABLE `csv_sessions_raw` (
  `who` BIGINT,
  `began` STRING,
  `ended` STRING,
  `stolen` STRING,
  `kafka_time` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `began_read` AS CAST(TIMESTAMPADD(MINUTE, CASE LEFT(RIGHT(`began`, 6), 1) WHEN '+' THEN -(TRY_CAST(SUBSTRING(RIGHT(`began`, 6), 2, 2) AS INT) * 60 + TRY_CAST(RIGHT(`began`, 2) AS INT)) WHEN '-' THEN (TRY_CAST(SUBSTRING(RIGHT(`began`, 6), 2, 2) AS INT) * 60 + TRY_CAST(RIGHT(`began`, 2) AS INT)) ELSE 0 END, TRY_CAST(REPLACE(REGEXP_EXTRACT(`began`, '(?s)^([1-9][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,3})?)(?:(?<=[.][0-9]{3})[0-9]{1,6})?(?:Z|[+-][01][0-9]:[0-5][0-9])?(?!.)', 1), 'T', ' ') AS TIMESTAMP(3))) AS TIMESTAMP(3)),
  `ended_read` AS CAST(TIMESTAMPADD(MINUTE, CASE LEFT(RIGHT(`ended`, 6), 1) WHEN '+' THEN -(TRY_CAST(SUBSTRING(RIGHT(`ended`, 6), 2, 2) AS INT) * 60 + TRY_CAST(RIGHT(`ended`, 2) AS INT)) WHEN '-' THEN (TRY_CAST(SUBSTRING(RIGHT(`ended`, 6), 2, 2) AS INT) * 60 + TRY_CAST(RIGHT(`ended`, 2) AS INT)) ELSE 0 END, TRY_CAST(REPLACE(REGEXP_EXTRACT(`ended`, '(?s)^([1-9][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,3})?)(?:(?<=[.][0-9]{3})[0-9]{1,6})?(?:Z|[+-][01][0-9]:[0-5][0-9])?(?!.)', 1), 'T', ' ') AS TIMESTAMP(3))) AS TIMESTAMP(3)),
  WATERMARK FOR `began_read` AS CASE WHEN (
    `began_read` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `began_read` <= (
      CAST(`kafka_time` AS TIMESTAMP(3)) + INTERVAL '1' DAY(2)
    )
    AND (
      (
        `stolen` IS NULL
      )
      OR LOWER(`stolen`) IN ('yes', 'y', 'true', '1', 'no', 'n', 'false', '0')
    )
    AND (
      (
        `stolen` IS NULL
      ) OR (
        CHAR_LENGTH(`stolen`) <= 1000
      )
    )
  ) THEN `began_read` - INTERVAL '30' SECOND END
) WITH (
  'connector' = 'kafka',
  'topic' = 'csv-sessions',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'fraudwatch-csv_sessions_as_read',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '10 s',
  'scan.topic-partition-discovery.interval' = '5 s',
  'format' = 'csv',
  'csv.ignore-parse-errors' = 'true',
  'csv.null-literal' = '',
  'csv.field-delimiter' = '	'
);

CREATE TEMPORARY VIEW `csv_sessions` AS
SELECT `who`, `began_read` AS `began`, `ended_read` AS `ended`, `stolen`
FROM `csv_sessions_raw`
WHERE (
    `began_read` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `began_read` <= (
      CAST(`kafka_time` AS TIMESTAMP(3)) + INTERVAL '1' DAY(2)
    )
    AND (
      (
        `stolen` IS NULL
      )
      OR LOWER(`stolen`) IN ('yes', 'y', 'true', '1', 'no', 'n', 'false', '0')
    )
    AND (
      (
        `stolen` IS NULL
      ) OR (
        CHAR_LENGTH(`stolen`) <= 1000
      )
    )
  );

CREATE TEMPORARY TABLE `csv_sessions_as_read_sink` (
  `who` BIGINT,
  `began` TIMESTAMP(3),
  `ended` TIMESTAMP(3),
  `stolen` STRING
) WITH (
  'connector' = 'kafka',
  'topic' = 'csv_sessions_as_read',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.compression.type' = 'none',
  'sink.delivery-guarantee' = 'at-least-once',
  'key.format' = 'csv',
  'key.fields' = 'who',
  'value.format' = 'json',
  'value.fields-include' = 'ALL',
  'value.json.timestamp-format.standard' = 'SQL'
);

INSERT INTO `csv_sessions_as_read_sink`
SELECT
  *
FROM `csv_sessions` AS `t0`;
