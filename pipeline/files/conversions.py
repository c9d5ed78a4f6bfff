"""DuckDB macros from text to value; each returns null for an invalid text."""

from __future__ import annotations

from typing import Final

import duckdb

_TIME: Final = (
    r"^(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})[ T]+"
    r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,]\d*)?)?\s*([AaPp])?[Mm]?$"
)
# Java writes the zone's name behind its offset.
_ZONE_NAME: Final = r"(?:\[[A-Za-z_/+-]+\])?"
_ZONE: Final = rf"\d:\d\d.*([+-]\d\d(:?\d\d)?|[zZ]|UTC|GMT){_ZONE_NAME}$"
# The time before its zone, and the zone.
_ZONED: Final = rf"^(.*?\d:\d\d[^+\-zZUG]*?)\s*([+-]\d\d(?::?\d\d)?|[zZ]|UTC|GMT){_ZONE_NAME}$"
_FRACTION: Final = r":\d{1,2}[.,](\d{1,3})"
_SECONDS_MISSING: Final = r"[ T]\d{1,2}:\d{1,2}(\s*[AaPp][Mm])?$"
# A day and a month in either order.
_SHORT: Final = r"^\d{1,2}[-/.]\d{1,2}[-/.]"
_BLURRED: Final = r"[+-]?\d(\.\d+)?[eE]\+?\d+"
_POINT: Final = r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?"
_COMMA: Final = r"[+-]?(\d{1,3}([.\x27\x{2019}]\d{3})+|\d+)(,\d+)?"

_MACROS: Final = rf"""
CREATE MACRO plain_time(t) AS
    CASE WHEN t[5] = '-' THEN try_strptime(t, '%Y-%m-%d %H:%M:%S') END;
CREATE MACRO hour24(h, half) AS
    CASE half WHEN '' THEN TRY_CAST(h AS INT) WHEN 'p' THEN TRY_CAST(h AS INT) % 12 + 12
         ELSE TRY_CAST(h AS INT) % 12 END;
CREATE MACRO full_year(y) AS
    CASE WHEN length(y) > 2 THEN y WHEN y < '70' THEN '20' || y ELSE '19' || y END;
CREATE MACRO time_of_parts(p, day_first) AS plain_time(
    CASE WHEN p.a = '' THEN NULL
         WHEN length(p.a) > 2 THEN concat_ws('-', p.a, p.b, p.c)
         WHEN day_first THEN concat_ws('-', full_year(p.c), p.b, p.a)
         ELSE concat_ws('-', full_year(p.c), p.a, p.b) END
    || ' ' || hour24(p.h, lower(p.half)) || ':' || p.m || ':' || coalesce(nullif(p.s, ''), '0'));
CREATE MACRO time_of_epoch(t) AS
    CASE WHEN regexp_full_match(t, '\d{{9,10}}(\.\d*)?')
         THEN make_timestamp(CAST(floor(TRY_CAST(t AS DOUBLE)) AS BIGINT) * 1000000)
         WHEN regexp_full_match(t, '\d{{12,13}}(\.0*)?')
         THEN make_timestamp(CAST(TRY_CAST(t AS DOUBLE) AS BIGINT) // 1000 * 1000000)
         WHEN regexp_full_match(t, '\d{{15,16}}')
         THEN make_timestamp(CAST(t AS BIGINT) // 1000000 * 1000000)
         WHEN regexp_full_match(t, '\d{{18,19}}')
         THEN make_timestamp(TRY_CAST(t AS BIGINT) // 1000000000 * 1000000) END;
-- A time as people write it; without a zone, of whole seconds.
CREATE MACRO time_of(t, day_first) AS coalesce(
    plain_time(t),
    time_of_parts(regexp_extract(t, '{_TIME}', ['a', 'b', 'c', 'h', 'm', 's', 'half']), day_first),
    time_of_epoch(t));
CREATE MACRO has_zone(t) AS regexp_matches(t, '{_ZONE}');
-- The same to the millisecond, and in UTC if it has a zone.
CREATE MACRO milliseconds_of(digits) AS
    to_milliseconds(coalesce(TRY_CAST(nullif(rpad(digits, 3, '0'), '000') AS BIGINT), 0));
CREATE MACRO local_time_of(t, day_first) AS
    CASE WHEN regexp_full_match(t, '\d{{12,13}}(\.\d*)?')
         THEN make_timestamp(CAST(trunc(TRY_CAST(t AS DOUBLE)) AS BIGINT) * 1000)
         WHEN regexp_full_match(t, '\d{{15,16}}')
         THEN make_timestamp(CAST(t AS BIGINT) // 1000 * 1000)
         WHEN regexp_full_match(t, '\d{{18,19}}')
         THEN make_timestamp(TRY_CAST(t AS BIGINT) // 1000000 * 1000)
         WHEN regexp_full_match(t, '\d{{9,10}}\.\d+')
         THEN time_of_epoch(t) + milliseconds_of(split_part(t, '.', 2)[:3])
         ELSE coalesce(plain_time(t),
              time_of(t, day_first) + milliseconds_of(regexp_extract(t, '{_FRACTION}', 1))) END;
CREATE MACRO ahead_of_utc(digits, sign) AS
    to_minutes(sign * (coalesce(TRY_CAST(digits[:2] AS BIGINT), 0) * 60
                       + coalesce(TRY_CAST(digits[3:] AS BIGINT), 0)));
CREATE MACRO time_of_zoned(p, day_first) AS
    local_time_of(p.time, day_first)
    - ahead_of_utc(regexp_replace(p.zone, '\D', '', 'g'), if(p.zone[1] = '-', -1, 1));
-- A value inside of a JSON object or array; of any other text, what else the column is.
CREATE MACRO at_path(t, path, otherwise) AS
    CASE WHEN left(ltrim(t), 1) IN ('{{', '[') AND json_valid(t) THEN json_extract_string(t, path)
    ELSE otherwise END;
-- DuckDB's JSON has the digits of a double: of a number with more of them, no decimal is made.
CREATE MACRO exact_at_path(t, path, otherwise) AS
    CASE WHEN left(ltrim(t), 1) NOT IN ('{{', '[') THEN otherwise
    WHEN length(regexp_replace(at_path(t, path, NULL), '[^0-9]', '', 'g')) > 15
    THEN at_path(t, path, NULL) || ' with digits lost'
    ELSE at_path(t, path, NULL) END;
CREATE MACRO exact_time_of(t, day_first) AS
    CASE WHEN has_zone(t)
         THEN time_of_zoned(regexp_extract(t, '{_ZONED}', ['time', 'zone']), day_first)
         ELSE local_time_of(t, day_first) END;
-- The same to the second.
CREATE MACRO whole_time_of(t, day_first) AS
    coalesce(plain_time(t), CASE WHEN has_zone(t)
         THEN date_trunc('second',
              time_of_zoned(regexp_extract(t, '{_ZONED}', ['time', 'zone']), day_first))
         ELSE time_of(t, day_first) END);
CREATE MACRO date_of(t, day_first) AS
    CAST(coalesce(time_of(t, day_first), time_of(t || ' 0:00', day_first)) AS DATE);
CREATE MACRO short_birth(t) AS
    t[5] <> '-' AND regexp_full_match(t, '\d{{1,2}}[/.-]\d{{1,2}}[/.-](\d{{2}}|\d{{4}})');
-- A year of two digits is the last such year before the transaction.
CREATE MACRO birth_year(y, latest) AS
    CASE WHEN length(y) > 2 THEN y WHEN CAST('20' || y AS INT) <= latest THEN '20' || y
         ELSE '19' || y END;
CREATE MACRO birth_of_parts(p, day_first, latest) AS strftime(try_strptime(
    birth_year(p.c, latest) || if(day_first, '-' || p.b || '-' || p.a, '-' || p.a || '-' || p.b),
    '%Y-%m-%d'), '%Y-%m-%d');
-- A date of birth as a text, in ISO if it is a short one that can be read. A macro repeats what it
-- is given; of the list with one element, the parts are computed once.
CREATE MACRO birth_of(t, day_first, moment) AS
    CASE WHEN short_birth(t) THEN coalesce(list_transform(
        [{{p: regexp_extract(t, '(\d+).(\d+).(\d+)', ['a', 'b', 'c']), latest: year(moment)}}],
        lambda born: birth_of_parts(born.p, day_first, born.latest))[1], t)
    ELSE t END;
CREATE MACRO lacks_seconds(t) AS
    plain_time(t) IS NULL AND regexp_matches(t, '{_SECONDS_MISSING}');
CREATE MACRO two_digit_year(t) AS
    plain_time(t) IS NULL AND regexp_matches(t, '^\d{{1,2}}[/.-]\d{{1,2}}[/.-]\d{{2}}(\D|$)');
CREATE MACRO short_date(t) AS plain_time(t) IS NULL AND regexp_matches(t, '{_SHORT}');
-- The seconds of a minute, of an epoch in seconds or milliseconds that agrees with the time.
CREATE MACRO with_seconds(t, epoch) AS
    CASE WHEN minute(time_of_epoch(epoch)) = minute(t)
         THEN t + to_seconds(second(time_of_epoch(epoch))) ELSE t END;
-- Digits that a spreadsheet has rounded away: 4.00012E+15.
CREATE MACRO blurred(t) AS (contains(t, 'E') OR contains(t, 'e')) AND
    regexp_full_match(t, '{_BLURRED}');
CREATE MACRO whole_number(t) AS
    CASE WHEN CAST(TRY_CAST(t AS BIGINT) AS VARCHAR) = t THEN TRY_CAST(t AS BIGINT)
         WHEN regexp_full_match(t, '\s*[+-]?\d+(\.0*)?\s*')
         THEN TRY_CAST(regexp_replace(trim(t), '\.0*$', '') AS BIGINT)
         WHEN blurred(t) THEN TRY_CAST(TRY_CAST(t AS DOUBLE) AS BIGINT) END;
CREATE MACRO is_whole(t) AS regexp_full_match(t, '\s*[+-]?\d+(\.0*)?\s*') OR blurred(t);
CREATE MACRO plain_amount(t) AS
    CASE WHEN isfinite(TRY_CAST(t AS DOUBLE)) AND NOT contains(t, '_')
         THEN TRY_CAST(t AS DOUBLE) END;
CREATE MACRO bare(t) AS regexp_replace(t, '[$\x{{20ac}}\x{{a3}}\s\x{{a0}}\x{{202f}}]', '', 'g');
CREATE MACRO bare_number(t, comma) AS
    CASE WHEN comma
         THEN CASE WHEN regexp_full_match(bare(t), '{_COMMA}') THEN
              replace(regexp_replace(bare(t), '[.''\x{{2019}}]', '', 'g'), ',', '.') END
         WHEN regexp_full_match(bare(t), '{_POINT}') THEN replace(bare(t), ',', '')
         ELSE bare(t) END;
CREATE MACRO amount_of(t, comma) AS coalesce(
    CASE WHEN NOT comma THEN plain_amount(t) END, plain_amount(bare_number(t, comma)));
-- A text that DuckDB casts to a decimal with all its digits.
CREATE MACRO exact_number(t, comma) AS
    CASE WHEN plain_amount(bare_number(t, comma)) IS NOT NULL THEN bare_number(t, comma) END;
CREATE MACRO flag_of(t) AS
    CASE WHEN t = '0' THEN 0 WHEN t = '1' THEN 1
         WHEN lower(trim(t)) IN ('0', '0.0', 'false', 'f', 'no', 'n') THEN 0
         WHEN lower(trim(t)) IN ('1', '1.0', 'true', 't', 'yes', 'y') THEN 1 END;
CREATE MACRO unquoted(t) AS trim(t, '''');
"""


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the macros in a database."""
    # In the temporary schema, so that they are not written to disk.
    connection.execute(_MACROS.replace("CREATE MACRO", "CREATE TEMP MACRO"))
