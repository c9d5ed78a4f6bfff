CREATE TEMPORARY TABLE `ticks_raw` (
  `second` BIGINT,
  `value` DOUBLE,
  `kafka_time` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `second_read` AS CASE WHEN `second` BETWEEN -62135596800 AND 253402300799 THEN CAST(TO_TIMESTAMP_LTZ(`second`, 0) AS TIMESTAMP(3)) END,
  WATERMARK FOR `second_read` AS CASE WHEN (
    `second_read` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `second_read` <= (
      CAST(`kafka_time` AS TIMESTAMP(3)) + INTERVAL '1' DAY(2)
    )
    AND (
      (
        `value` IS NULL
      )
      OR (
        (
          `value` >= -1E+300
        ) AND (
          `value` <= 1e+300
        )
      )
    )
  ) THEN `second_read` - INTERVAL '0.500' SECOND END
) WITH (
  'connector' = 'kafka',
  'topic' = 'ticks',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'fraudwatch-minutes',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '10 s',
  'scan.topic-partition-discovery.interval' = '5 s',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true',
  'json.timestamp-format.standard' = 'SQL'
);

CREATE TEMPORARY VIEW `ticks` AS
SELECT `second_read` AS `second`, `value`
FROM `ticks_raw`
WHERE (
    `second_read` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `second_read` <= (
      CAST(`kafka_time` AS TIMESTAMP(3)) + INTERVAL '1' DAY(2)
    )
    AND (
      (
        `value` IS NULL
      )
      OR (
        (
          `value` >= -1E+300
        ) AND (
          `value` <= 1e+300
        )
      )
    )
  );

CREATE TEMPORARY TABLE `minutes_sink` (
  `window_start` TIMESTAMP(3),
  `window_end` TIMESTAMP(3),
  `n` BIGINT,
  `most` DOUBLE
) WITH (
  'connector' = 'kafka',
  'topic' = 'own_ticks_per_minute',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.compression.type' = 'none',
  'sink.delivery-guarantee' = 'at-least-once',
  'format' = 'json',
  'json.timestamp-format.standard' = 'SQL'
);

INSERT INTO `minutes_sink`
SELECT
  `t0`.`window_start`,
  `t0`.`window_end`,
  COUNT(*) AS `n`,
  MAX(`t0`.`value`) AS `most`
FROM TABLE(TUMBLE(TABLE `ticks`, DESCRIPTOR(`second`), INTERVAL '1' MINUTE(2))) AS `t0`
GROUP BY
  `t0`.`window_start`,
  `t0`.`window_end`;
