CREATE TEMPORARY TABLE `visits_raw` (
  `at` TIMESTAMP(3),
  `visitor` STRING,
  `page` STRING,
  `left` TIMESTAMP(3),
  `kafka_time` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `sound` AS (
    `at` IS NOT NULL
    AND `at` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `at` <= (
      CAST(`kafka_time` AS TIMESTAMP(3)) + INTERVAL '1' DAY(2)
    )
    AND (
      (
        `visitor` IS NULL
      ) OR (
        CHAR_LENGTH(`visitor`) <= 1000
      )
    )
    AND (
      (
        `page` IS NULL
      ) OR (
        CHAR_LENGTH(`page`) <= 1000
      )
    )
  ),
  WATERMARK FOR `at` AS CASE WHEN `sound` THEN `at` - INTERVAL '0 01:00:00' DAY TO SECOND END
) WITH (
  'connector' = 'kafka',
  'topic' = 'visits',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'fraudwatch-pages',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '10 s',
  'scan.topic-partition-discovery.interval' = '5 s',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true',
  'json.timestamp-format.standard' = 'SQL'
);

CREATE TEMPORARY VIEW `visits` AS
SELECT `at`, `visitor`, `page`, `left`
FROM `visits_raw`
WHERE `sound`;

CREATE TEMPORARY TABLE `pages_sink` (
  `at` TIMESTAMP(3),
  `visitor` STRING,
  `page` STRING,
  `left` TIMESTAMP(3),
  `n` BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = 'own_visits_of_pages',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.compression.type' = 'none',
  'sink.delivery-guarantee' = 'at-least-once',
  'key.format' = 'raw',
  'key.fields' = 'visitor',
  'value.format' = 'json',
  'value.fields-include' = 'ALL',
  'value.json.timestamp-format.standard' = 'SQL'
);

INSERT INTO `pages_sink`
SELECT
  `t1`.`at`,
  `t1`.`visitor`,
  `t1`.`page`,
  `t1`.`left`,
  COUNT(*) OVER (
    PARTITION BY `t1`.`visitor`
    ORDER BY `t1`.`at` ASC NULLS LAST
    RANGE BETWEEN INTERVAL '1' HOUR(2) preceding AND CURRENT ROW
  ) AS `n`
FROM (
  SELECT
    *
  FROM `visits` AS `t0`
  WHERE
    `t0`.`page` IS NOT NULL
) AS `t1`;
