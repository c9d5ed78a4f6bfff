CREATE TEMPORARY TABLE `_2fa_logins_raw` (
  `at` BIGINT,
  `who` BIGINT,
  `ok` BOOLEAN,
  `sound` STRING,
  `stolen` STRING,
  `kafka_time` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `at_read` AS CASE WHEN `at` BETWEEN -62135596800000 AND 253402300799999 THEN CAST(TO_TIMESTAMP_LTZ(`at`, 3) AS TIMESTAMP(3)) END,
  WATERMARK FOR `at_read` AS CASE WHEN (
    `at_read` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `at_read` <= (
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
        `sound` IS NULL
      ) OR (
        CHAR_LENGTH(`sound`) <= 1000
      )
    )
    AND (
      (
        `stolen` IS NULL
      ) OR (
        CHAR_LENGTH(`stolen`) <= 1000
      )
    )
  ) THEN `at_read` - INTERVAL '0 00:02:00' DAY TO SECOND END
) WITH (
  'connector' = 'kafka',
  'topic' = '2fa-logins',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'fraudwatch-failed',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '5 s',
  'scan.topic-partition-discovery.interval' = '5 s',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true',
  'json.timestamp-format.standard' = 'SQL'
);

CREATE TEMPORARY VIEW `_2fa_logins` AS
SELECT `at_read` AS `at`, `who`, `ok`, `sound`, `stolen`
FROM `_2fa_logins_raw`
WHERE (
    `at_read` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `at_read` <= (
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
        `sound` IS NULL
      ) OR (
        CHAR_LENGTH(`sound`) <= 1000
      )
    )
    AND (
      (
        `stolen` IS NULL
      ) OR (
        CHAR_LENGTH(`stolen`) <= 1000
      )
    )
  );

CREATE TEMPORARY TABLE `failed_sink` (
  `who` BIGINT,
  `at` TIMESTAMP(3),
  `sound` STRING,
  `n` BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = 'own_failed_logins',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.compression.type' = 'none',
  'sink.delivery-guarantee' = 'at-least-once',
  'key.format' = 'csv',
  'key.fields' = 'who',
  'value.format' = 'json',
  'value.fields-include' = 'ALL',
  'value.json.timestamp-format.standard' = 'SQL'
);

INSERT INTO `failed_sink`
SELECT
  `t1`.`who`,
  `t1`.`at`,
  `t1`.`sound`,
  COUNT(*) OVER (
    PARTITION BY `t1`.`who`
    ORDER BY `t1`.`at` ASC NULLS LAST
    RANGE BETWEEN INTERVAL '1' HOUR(2) preceding AND CURRENT ROW
  ) AS `n`
FROM (
  SELECT
    *
  FROM `_2fa_logins` AS `t0`
  WHERE
    NOT CAST(`t0`.`ok` AS BOOLEAN)
) AS `t1`;
