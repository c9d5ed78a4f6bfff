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
  WATERMARK FOR `trans_date_trans_time` AS `trans_date_trans_time` - INTERVAL '15' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'transaction',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.group.id' = 'fraudwatch-flagged',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.idle-timeout' = '10 s',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true',
  'json.timestamp-format.standard' = 'SQL'
);

CREATE TEMPORARY VIEW `transaction` AS
SELECT * FROM `transaction_raw`
WHERE `trans_date_trans_time` IS NOT NULL AND `user_id` IS NOT NULL;

CREATE TEMPORARY TABLE `flagged_sink` (
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
  `user_id` BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = 'flagged_transactions',
  'properties.bootstrap.servers' = '127.0.0.1:9092',
  'properties.compression.type' = 'lz4',
  'sink.delivery-guarantee' = 'at-least-once',
  'key.format' = 'csv',
  'key.fields' = 'user_id',
  'value.format' = 'json',
  'value.fields-include' = 'ALL',
  'value.json.timestamp-format.standard' = 'SQL'
);

INSERT INTO `flagged_sink`
SELECT
  *
FROM `transaction` AS `t0`
WHERE
  `t0`.`is_fraud` = 1;
