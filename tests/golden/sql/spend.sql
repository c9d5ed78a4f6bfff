CREATE TEMPORARY TABLE `payments_v2_raw` (
  `booked_at` STRING,
  `account` STRING,
  `amount` DECIMAL(12, 2),
  `country` STRING,
  `channel` STRING,
  `chargeback` BOOLEAN,
  `settled_at` STRING,
  `fee` DECIMAL(20, 8),
  `installments` SMALLINT,
  `score` DOUBLE,
  `due` DATE,
  `kafka_time` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `booked_at_read` AS CAST(TIMESTAMPADD(MINUTE, CASE LEFT(RIGHT(`booked_at`, 6), 1) WHEN '+' THEN -(TRY_CAST(SUBSTRING(RIGHT(`booked_at`, 6), 2, 2) AS INT) * 60 + TRY_CAST(RIGHT(`booked_at`, 2) AS INT)) WHEN '-' THEN (TRY_CAST(SUBSTRING(RIGHT(`booked_at`, 6), 2, 2) AS INT) * 60 + TRY_CAST(RIGHT(`booked_at`, 2) AS INT)) ELSE 0 END, TRY_CAST(REPLACE(REGEXP_EXTRACT(`booked_at`, '(?s)^([1-9][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,3})?)(?:(?<=[.][0-9]{3})[0-9]{1,6})?(?:Z|[+-][01][0-9]:[0-5][0-9])?(?!.)', 1), 'T', ' ') AS TIMESTAMP(3))) AS TIMESTAMP(3)),
  `settled_at_read` AS CAST(TIMESTAMPADD(MINUTE, CASE LEFT(RIGHT(`settled_at`, 6), 1) WHEN '+' THEN -(TRY_CAST(SUBSTRING(RIGHT(`settled_at`, 6), 2, 2) AS INT) * 60 + TRY_CAST(RIGHT(`settled_at`, 2) AS INT)) WHEN '-' THEN (TRY_CAST(SUBSTRING(RIGHT(`settled_at`, 6), 2, 2) AS INT) * 60 + TRY_CAST(RIGHT(`settled_at`, 2) AS INT)) ELSE 0 END, TRY_CAST(REPLACE(REGEXP_EXTRACT(`settled_at`, '(?s)^([1-9][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,3})?)(?:(?<=[.][0-9]{3})[0-9]{1,6})?(?:Z|[+-][01][0-9]:[0-5][0-9])?(?!.)', 1), 'T', ' ') AS TIMESTAMP(3))) AS TIMESTAMP(3)),
  WATERMARK FOR `booked_at_read` AS CASE WHEN (
    `account` IS NOT NULL
    AND `amount` IS NOT NULL
    AND `booked_at_read` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `booked_at_read` <= (
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
    AND CHAR_LENGTH(`account`) <= 1000
    AND (
      (
        `country` IS NULL
      ) OR (
        CHAR_LENGTH(`country`) <= 1000
      )
    )
    AND (
      (
        `channel` IS NULL
      ) OR (
        CHAR_LENGTH(`channel`) <= 1000
      )
    )
  ) THEN `booked_at_read` - INTERVAL '30' SECOND END
) WITH (
  'connector' = 'kafka',
  'topic' = 'payments.v2',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'fraudwatch-spend',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '10 s',
  'scan.topic-partition-discovery.interval' = '5 s',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true',
  'json.timestamp-format.standard' = 'SQL'
);

CREATE TEMPORARY VIEW `payments_v2` AS
SELECT `booked_at_read` AS `booked_at`, `account`, `amount`, `country`, `channel`, `chargeback`, `settled_at_read` AS `settled_at`, `fee`, `installments`, `score`, `due`
FROM `payments_v2_raw`
WHERE (
    `account` IS NOT NULL
    AND `amount` IS NOT NULL
    AND `booked_at_read` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `booked_at_read` <= (
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
    AND CHAR_LENGTH(`account`) <= 1000
    AND (
      (
        `country` IS NULL
      ) OR (
        CHAR_LENGTH(`country`) <= 1000
      )
    )
    AND (
      (
        `channel` IS NULL
      ) OR (
        CHAR_LENGTH(`channel`) <= 1000
      )
    )
  );

CREATE TEMPORARY TABLE `spend_sink` (
  `account` STRING,
  `booked_at` TIMESTAMP(3),
  `spent` DECIMAL(38, 2),
  `largest` DECIMAL(12, 2),
  `payments` BIGINT,
  `mean` DOUBLE
) WITH (
  'connector' = 'kafka',
  'topic' = 'own_account_spend',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.compression.type' = 'none',
  'sink.delivery-guarantee' = 'at-least-once',
  'key.format' = 'raw',
  'key.fields' = 'account',
  'value.format' = 'json',
  'value.fields-include' = 'ALL',
  'value.json.timestamp-format.standard' = 'SQL'
);

INSERT INTO `spend_sink`
SELECT
  `t0`.`account`,
  `t0`.`booked_at`,
  SUM(`t0`.`amount`) OVER (
    PARTITION BY `t0`.`account`
    ORDER BY `t0`.`booked_at` ASC NULLS LAST
    RANGE BETWEEN INTERVAL '1' HOUR(2) preceding AND CURRENT ROW
  ) AS `spent`,
  MAX(`t0`.`amount`) OVER (
    PARTITION BY `t0`.`account`
    ORDER BY `t0`.`booked_at` ASC NULLS LAST
    RANGE BETWEEN INTERVAL '1' HOUR(2) preceding AND CURRENT ROW
  ) AS `largest`,
  COUNT(*) OVER (
    PARTITION BY `t0`.`account`
    ORDER BY `t0`.`booked_at` ASC NULLS LAST
    RANGE BETWEEN INTERVAL '1' HOUR(2) preceding AND CURRENT ROW
  ) AS `payments`,
  AVG(CAST(`t0`.`amount` AS DOUBLE)) OVER (
    PARTITION BY `t0`.`account`
    ORDER BY `t0`.`booked_at` ASC NULLS LAST
    RANGE BETWEEN INTERVAL '1' HOUR(2) preceding AND CURRENT ROW
  ) AS `mean`
FROM `payments_v2` AS `t0`;
