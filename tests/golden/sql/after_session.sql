CREATE TEMPORARY TABLE `joined_transfers_raw` (
  `at` STRING,
  `number` BIGINT,
  `account` STRING,
  `amount` DECIMAL(12, 2),
  `bank` INT,
  `kafka_time` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `at_read` AS CAST(TIMESTAMPADD(MINUTE, CASE LEFT(RIGHT(`at`, 6), 1) WHEN '+' THEN -(TRY_CAST(SUBSTRING(RIGHT(`at`, 6), 2, 2) AS INT) * 60 + TRY_CAST(RIGHT(`at`, 2) AS INT)) WHEN '-' THEN (TRY_CAST(SUBSTRING(RIGHT(`at`, 6), 2, 2) AS INT) * 60 + TRY_CAST(RIGHT(`at`, 2) AS INT)) ELSE 0 END, TRY_CAST(REPLACE(REGEXP_EXTRACT(`at`, '(?s)^([1-9][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,3})?)(?:(?<=[.][0-9]{3})[0-9]{1,6})?(?:Z|[+-][01][0-9]:[0-5][0-9])?(?!.)', 1), 'T', ' ') AS TIMESTAMP(3))) AS TIMESTAMP(3)),
  WATERMARK FOR `at_read` AS CASE WHEN (
    `number` IS NOT NULL
    AND `account` IS NOT NULL
    AND `amount` IS NOT NULL
    AND `at_read` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `at_read` <= (
      CAST(`kafka_time` AS TIMESTAMP(3)) + INTERVAL '1' DAY(2)
    )
    AND `amount` >= -1000000000.0
    AND `amount` <= 1000000000.0
    AND CHAR_LENGTH(`account`) <= 1000
  ) THEN `at_read` - INTERVAL '30' SECOND END
) WITH (
  'connector' = 'kafka',
  'topic' = 'joined-transfers',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'fraudwatch-after_session',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '3600 s',
  'scan.topic-partition-discovery.interval' = '5 s',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true',
  'json.timestamp-format.standard' = 'SQL'
);

CREATE TEMPORARY VIEW `joined_transfers` AS
SELECT `at_read` AS `at`, `number`, `account`, `amount`, `bank`
FROM `joined_transfers_raw`
WHERE (
    `number` IS NOT NULL
    AND `account` IS NOT NULL
    AND `amount` IS NOT NULL
    AND `at_read` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `at_read` <= (
      CAST(`kafka_time` AS TIMESTAMP(3)) + INTERVAL '1' DAY(2)
    )
    AND `amount` >= -1000000000.0
    AND `amount` <= 1000000000.0
    AND CHAR_LENGTH(`account`) <= 1000
  );

CREATE TEMPORARY TABLE `joined_sessions_raw` (
  `at` BIGINT,
  `account` STRING,
  `bank` INT,
  `device` STRING,
  `risk` DOUBLE,
  `kafka_time` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `at_read` AS CASE WHEN `at` BETWEEN -62135596800000 AND 253402300799999 THEN CAST(TO_TIMESTAMP_LTZ(`at`, 3) AS TIMESTAMP(3)) END,
  WATERMARK FOR `at_read` AS CASE WHEN (
    `account` IS NOT NULL
    AND `at_read` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `at_read` <= (
      CAST(`kafka_time` AS TIMESTAMP(3)) + INTERVAL '1' DAY(2)
    )
    AND (
      (
        `risk` IS NULL
      )
      OR (
        (
          `risk` >= -1E+300
        ) AND (
          `risk` <= 1e+300
        )
      )
    )
    AND CHAR_LENGTH(`account`) <= 1000
    AND (
      (
        `device` IS NULL
      ) OR (
        CHAR_LENGTH(`device`) <= 1000
      )
    )
  ) THEN `at_read` - INTERVAL '60' SECOND END
) WITH (
  'connector' = 'kafka',
  'topic' = 'joined-sessions',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'fraudwatch-after_session',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '3600 s',
  'scan.topic-partition-discovery.interval' = '5 s',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true',
  'json.timestamp-format.standard' = 'SQL'
);

CREATE TEMPORARY VIEW `joined_sessions` AS
SELECT `at_read` AS `at`, `account`, `bank`, `device`, `risk`
FROM `joined_sessions_raw`
WHERE (
    `account` IS NOT NULL
    AND `at_read` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `at_read` <= (
      CAST(`kafka_time` AS TIMESTAMP(3)) + INTERVAL '1' DAY(2)
    )
    AND (
      (
        `risk` IS NULL
      )
      OR (
        (
          `risk` >= -1E+300
        ) AND (
          `risk` <= 1e+300
        )
      )
    )
    AND CHAR_LENGTH(`account`) <= 1000
    AND (
      (
        `device` IS NULL
      ) OR (
        CHAR_LENGTH(`device`) <= 1000
      )
    )
  );

CREATE TEMPORARY TABLE `after_session_sink` (
  `account` STRING,
  `at` TIMESTAMP(3),
  `amount` DECIMAL(12, 2),
  `device` STRING,
  `session_at` TIMESTAMP(3)
) WITH (
  'connector' = 'kafka',
  'topic' = 'joined_after_session',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.compression.type' = 'none',
  'sink.delivery-guarantee' = 'at-least-once',
  'key.format' = 'raw',
  'key.fields' = 'account',
  'value.format' = 'json',
  'value.fields-include' = 'ALL',
  'value.json.timestamp-format.standard' = 'SQL'
);

INSERT INTO `after_session_sink`
SELECT
  `account`,
  `at`,
  `amount`,
  `device`,
  CAST(`session_at` AS TIMESTAMP(3)) AS `session_at`
FROM (
  SELECT
    `t2`.`account`,
    `t2`.`at`,
    `t2`.`amount`,
    `t3`.`device`,
    `t3`.`at` AS `session_at`
  FROM `joined_transfers` AS `t2`
  INNER JOIN `joined_sessions` AS `t3`
    ON `t2`.`account` = `t3`.`account`
    AND `t3`.`at` BETWEEN `t2`.`at` - INTERVAL '10' MINUTE(2) AND `t2`.`at`
);
