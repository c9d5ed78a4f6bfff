CREATE TEMPORARY TABLE `protobuf_payments_raw` (
  `booked_at` ROW<`seconds` BIGINT, `nanos` INT>,
  `account` STRING,
  `amount` DOUBLE,
  `channel` STRING,
  `chargeback` BOOLEAN,
  `fee` ROW<`cents` BIGINT>,
  `cards` ARRAY<ROW<`number` STRING, `issued` ROW<`seconds` BIGINT, `nanos` INT>>>,
  `items` INT,
  `serial` BIGINT,
  `installments` INT,
  `score` FLOAT,
  `change` BIGINT,
  `tags` ARRAY<STRING>,
  `branch` INT,
  `tip` ROW<`value` BIGINT>,
  `kafka_time` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `booked_at_read` AS CASE WHEN (`booked_at`.`seconds` * 1000 + `booked_at`.`nanos` / 1000000) BETWEEN -62135596800000 AND 253402300799999 THEN CAST(TO_TIMESTAMP_LTZ((`booked_at`.`seconds` * 1000 + `booked_at`.`nanos` / 1000000), 3) AS TIMESTAMP(3)) END,
  `fee_read` AS `fee`.`cents`,
  `first_card_read` AS `cards`[1].`number`,
  `issued_read` AS CASE WHEN (`cards`[1].`issued`.`seconds` * 1000 + `cards`[1].`issued`.`nanos` / 1000000) BETWEEN -62135596800000 AND 253402300799999 THEN CAST(TO_TIMESTAMP_LTZ((`cards`[1].`issued`.`seconds` * 1000 + `cards`[1].`issued`.`nanos` / 1000000), 3) AS TIMESTAMP(3)) END,
  `second_tag_read` AS `tags`[2],
  `tip_read` AS `tip`.`value`,
  WATERMARK FOR `booked_at_read` AS CASE WHEN (
    `booked_at_read` IS NOT NULL
    AND `account` IS NOT NULL
    AND `booked_at_read` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `booked_at_read` <= (
      CAST(`kafka_time` AS TIMESTAMP(3)) + INTERVAL '1' DAY(2)
    )
    AND (
      (
        `amount` IS NULL
      ) OR (
        `amount` >= -1000000000.0
      )
    )
    AND (
      (
        `amount` IS NULL
      ) OR (
        `amount` <= 1000000000.0
      )
    )
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
        `channel` IS NULL
      ) OR (
        CHAR_LENGTH(`channel`) <= 1000
      )
    )
    AND (
      (
        `first_card_read` IS NULL
      ) OR (
        CHAR_LENGTH(`first_card_read`) <= 1000
      )
    )
    AND (
      (
        `second_tag_read` IS NULL
      ) OR (
        CHAR_LENGTH(`second_tag_read`) <= 1000
      )
    )
  ) THEN `booked_at_read` - INTERVAL '30' SECOND END
) WITH (
  'connector' = 'kafka',
  'topic' = 'protobuf-payments',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'fraudwatch-protobuf_as_read',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '10 s',
  'scan.topic-partition-discovery.interval' = '5 s',
  'format' = 'protobuf',
  'protobuf.message-class-name' = 'fraudwatch.protobuf.of6362648dfa63.Payment',
  'protobuf.ignore-parse-errors' = 'true'
);

CREATE TEMPORARY VIEW `protobuf_payments` AS
SELECT `booked_at_read` AS `booked_at`, `account`, `amount`, `channel`, `chargeback`, `fee_read` AS `fee`, `first_card_read` AS `first_card`, `issued_read` AS `issued`, `items`, `serial`, `installments`, `score`, `change`, `second_tag_read` AS `second_tag`, `branch`, `tip_read` AS `tip`
FROM `protobuf_payments_raw`
WHERE (
    `booked_at_read` IS NOT NULL
    AND `account` IS NOT NULL
    AND `booked_at_read` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `booked_at_read` <= (
      CAST(`kafka_time` AS TIMESTAMP(3)) + INTERVAL '1' DAY(2)
    )
    AND (
      (
        `amount` IS NULL
      ) OR (
        `amount` >= -1000000000.0
      )
    )
    AND (
      (
        `amount` IS NULL
      ) OR (
        `amount` <= 1000000000.0
      )
    )
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
        `channel` IS NULL
      ) OR (
        CHAR_LENGTH(`channel`) <= 1000
      )
    )
    AND (
      (
        `first_card_read` IS NULL
      ) OR (
        CHAR_LENGTH(`first_card_read`) <= 1000
      )
    )
    AND (
      (
        `second_tag_read` IS NULL
      ) OR (
        CHAR_LENGTH(`second_tag_read`) <= 1000
      )
    )
  );

CREATE TEMPORARY TABLE `protobuf_as_read_sink` (
  `booked_at` TIMESTAMP(3),
  `account` STRING,
  `amount` DOUBLE,
  `channel` STRING,
  `chargeback` BOOLEAN,
  `fee` BIGINT,
  `first_card` STRING,
  `issued` TIMESTAMP(3),
  `items` INT,
  `serial` BIGINT,
  `installments` INT,
  `score` FLOAT,
  `change` BIGINT,
  `second_tag` STRING,
  `branch` INT,
  `tip` BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = 'protobuf_payments_as_read',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.compression.type' = 'none',
  'sink.delivery-guarantee' = 'at-least-once',
  'key.format' = 'raw',
  'key.fields' = 'account',
  'value.format' = 'json',
  'value.fields-include' = 'ALL',
  'value.json.timestamp-format.standard' = 'SQL'
);

INSERT INTO `protobuf_as_read_sink`
SELECT
  *
FROM `protobuf_payments` AS `t0`;
