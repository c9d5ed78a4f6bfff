CREATE TEMPORARY TABLE `protobuf_logins_raw` (
  `at_ms` BIGINT,
  `user` STRING,
  `kafka_time` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `at_ms_read` AS CASE WHEN `at_ms` BETWEEN -62135596800000 AND 253402300799999 THEN CAST(TO_TIMESTAMP_LTZ(`at_ms`, 3) AS TIMESTAMP(3)) END,
  WATERMARK FOR `at_ms_read` AS CASE WHEN (
    `at_ms_read` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `at_ms_read` <= (
      CAST(`kafka_time` AS TIMESTAMP(3)) + INTERVAL '1' DAY(2)
    )
    AND (
      (
        `user` IS NULL
      ) OR (
        CHAR_LENGTH(`user`) <= 1000
      )
    )
  ) THEN `at_ms_read` - INTERVAL '30' SECOND END
) WITH (
  'connector' = 'kafka',
  'topic' = 'protobuf-logins',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'fraudwatch-protobuf_logins',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '10 s',
  'scan.topic-partition-discovery.interval' = '5 s',
  'format' = 'protobuf',
  'protobuf.message-class-name' = 'fraudwatch.protobuf.of6362648dfa63.Login',
  'protobuf.ignore-parse-errors' = 'true'
);

CREATE TEMPORARY VIEW `protobuf_logins` AS
SELECT `at_ms_read` AS `at_ms`, `user`
FROM `protobuf_logins_raw`
WHERE (
    `at_ms_read` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `at_ms_read` <= (
      CAST(`kafka_time` AS TIMESTAMP(3)) + INTERVAL '1' DAY(2)
    )
    AND (
      (
        `user` IS NULL
      ) OR (
        CHAR_LENGTH(`user`) <= 1000
      )
    )
  );

CREATE TEMPORARY TABLE `protobuf_logins_sink` (
  `at_ms` TIMESTAMP(3),
  `user` STRING,
  `n` BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = 'protobuf_logins_as_read',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.compression.type' = 'none',
  'sink.delivery-guarantee' = 'at-least-once',
  'key.format' = 'raw',
  'key.fields' = 'user',
  'value.format' = 'json',
  'value.fields-include' = 'ALL',
  'value.json.timestamp-format.standard' = 'SQL'
);

INSERT INTO `protobuf_logins_sink`
SELECT
  `t0`.`at_ms`,
  `t0`.`user`,
  COUNT(*) OVER (
    PARTITION BY `t0`.`user`
    ORDER BY `t0`.`at_ms` ASC NULLS LAST
    RANGE BETWEEN INTERVAL '1' HOUR(2) preceding AND CURRENT ROW
  ) AS `n`
FROM `protobuf_logins` AS `t0`;
