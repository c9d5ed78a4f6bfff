"""The settings file to begin with: every setting, with what it is for and what it is by default."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from .described import Setting, described
from .settings import LOCAL_PROFILE

_WIDTH: Final = 98
_HEAD: Final = """\
# Settings of fraudwatch, by profile. `fraudwatch --profile NAME` takes one; without it, `local`.
#
# Read from the user's configuration directory, then from the working directory, then from the
# environment; what is read last wins. Nothing is set here yet: what is set by default stands behind
# a single #. Take that away, and change it. `fraudwatch profiles` then says whether it works.
#
# A secret never stands in this file, which only says where it is, in one of three forms:
# { env = "VARIABLE" }, { file = "/path" } or { keyring = "service/user" }.
# In the environment, its variable holds the secret itself.
"""
_EXAMPLE: Final = """\

# A company's Kafka and Flink. A profile of yours is no sandbox unless it says so: no topic is made
# or emptied, nothing is simulated, and no job starts by itself. And its jobs bring the Kafka
# connector along, unless it says `ship_connector = false`.

#[profile.company]
#parallelism = 4

#[profile.company.kafka]
#bootstrap = "kafka-1.example.org:9093,kafka-2.example.org:9093"
#topic_prefix = "fraud."
#security_protocol = "SASL_SSL"
#sasl_mechanism = "SCRAM-SHA-512"
#username = "fraudwatch"
#password = { env = "KAFKA_PASSWORD" }
#ca_file = "~/certificates/company-ca.pem"

#[profile.company.flink]
#rest = "https://flink.example.org/team"
#token = { file = "~/secrets/flink-token" }
#ca_file = "~/certificates/company-ca.pem"
#checkpoints = "s3://fraud/checkpoints"
#savepoints = "s3://fraud/savepoints"
"""
# What is written where there is no default to show.
_PLACES: Final = {"path": '"/path"', "secret": '{ env = "VARIABLE" }'}


def starting_file() -> str:
    """A `fraudwatch.toml` that sets nothing, and shows all there is to set.

    A line with `# ` is prose; one with `#` and no space is a setting that waits to be used.
    """
    lines = [_HEAD]
    for table, settings in groupby(described(), key=lambda setting: setting.table):
        where = ".".join(filter(None, ("profile", LOCAL_PROFILE, table)))
        lines.append(f"\n[{where}]\n")
        lines.extend(line for setting in settings for line in _lines(setting))
    return "".join([*lines, _EXAMPLE])


def _lines(setting: Setting) -> Iterator[str]:
    default = setting.default_in_words
    notes = [
        setting.kind[:1].upper() + setting.kind[1:],
        f"default: {default[:1].lower()}{default[1:]}" if default else "",
        setting.variable,
    ]
    yield "\n"
    for line in textwrap.wrap(setting.doc, _WIDTH):
        yield f"# {line}\n"
    # No break within a name or a value.
    said = "; ".join(filter(None, notes))
    for line in textwrap.wrap(said, _WIDTH, break_on_hyphens=False, break_long_words=False):
        yield f"# {line}\n"
    yield f"#{setting.name} = {setting.default or _PLACES[setting.kind]}\n"
