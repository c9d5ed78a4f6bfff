CREATE TEMPORARY TABLE `transaction_raw` (
  `trans_date_trans_time` TIMESTAMP(3),
  `cc_num` BIGINT,
  `merchant` STRING,
  `category` STRING,
  `amt` DOUBLE,
  `first` STRING,
  `last` STRING,
  `zipcode` STRING,
  `dob` STRING,
  `trans_num` STRING,
  `is_fraud` INT,
  `user_id` BIGINT,
  `kafka_time` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  `sound` AS (
    `trans_date_trans_time` IS NOT NULL
    AND `cc_num` IS NOT NULL
    AND `merchant` IS NOT NULL
    AND `category` IS NOT NULL
    AND `amt` IS NOT NULL
    AND `first` IS NOT NULL
    AND `last` IS NOT NULL
    AND `zipcode` IS NOT NULL
    AND `dob` IS NOT NULL
    AND `trans_num` IS NOT NULL
    AND `is_fraud` IS NOT NULL
    AND `user_id` IS NOT NULL
    AND `trans_date_trans_time` >= CAST('1970-01-01 00:00:00.000000' AS TIMESTAMP)
    AND `trans_date_trans_time` <= (
      CAST(`kafka_time` AS TIMESTAMP(3)) + INTERVAL '1' DAY(2)
    )
    AND `amt` >= -1000000000.0
    AND `amt` <= 1000000000.0
    AND `is_fraud` IN (0, 1)
    AND CHAR_LENGTH(`merchant`) <= 1000
    AND CHAR_LENGTH(`category`) <= 1000
    AND CHAR_LENGTH(`first`) <= 1000
    AND CHAR_LENGTH(`last`) <= 1000
    AND CHAR_LENGTH(`zipcode`) <= 1000
    AND CHAR_LENGTH(`dob`) <= 1000
    AND CHAR_LENGTH(`trans_num`) <= 1000
  ),
  WATERMARK FOR `trans_date_trans_time` AS CASE WHEN `sound` THEN `trans_date_trans_time` - INTERVAL '15' SECOND END
) WITH (
  'connector' = 'kafka',
  'topic' = 'transaction',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'fraudwatch-cents',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '10 s',
  'scan.topic-partition-discovery.interval' = '5 s',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true',
  'json.timestamp-format.standard' = 'SQL'
);

CREATE TEMPORARY VIEW `transaction` AS
SELECT `trans_date_trans_time`, `cc_num`, `merchant`, `category`, `amt`, `first`, `last`, `zipcode`, `dob`, `trans_num`, `is_fraud`, `user_id`
FROM `transaction_raw`
WHERE `sound`;

CREATE TEMPORARY VIEW `cents_input` AS
SELECT
  `t0`.`trans_date_trans_time`,
  `t0`.`cc_num`,
  `t0`.`merchant`,
  `t0`.`category`,
  `t0`.`amt`,
  `t0`.`first`,
  `t0`.`last`,
  `t0`.`zipcode`,
  `t0`.`dob`,
  `t0`.`trans_num`,
  `t0`.`is_fraud`,
  `t0`.`user_id`,
  CAST(ROUND(`t0`.`amt` * 100, 0) AS BIGINT) AS `cents`
FROM `transaction` AS `t0`;

CREATE TEMPORARY TABLE `cents_sink` (
  `window_start` TIMESTAMP(3),
  `window_end` TIMESTAMP(3),
  `category` STRING,
  `cents` BIGINT,
  `most` DOUBLE
) WITH (
  'connector' = 'kafka',
  'topic' = 'own_cents',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.compression.type' = 'none',
  'sink.delivery-guarantee' = 'at-least-once',
  'format' = 'json',
  'json.timestamp-format.standard' = 'SQL'
);

INSERT INTO `cents_sink`
SELECT
  `t0`.`window_start`,
  `t0`.`window_end`,
  `t0`.`category`,
  SUM(`t0`.`cents`) AS `cents`,
  MAX(`t0`.`amt`) AS `most`
FROM TABLE(
  TUMBLE(TABLE `cents_input`, DESCRIPTOR(`trans_date_trans_time`), INTERVAL '1' HOUR(2))
) AS `t0`
GROUP BY
  `t0`.`window_start`,
  `t0`.`window_end`,
  `t0`.`category`;
