"""The commented settings file to begin with: every setting, its purpose and its default."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from .described import Setting, described
from .settings import LOCAL_PROFILE

_WIDTH: Final = 98
_HEAD: Final = """\
# Settings of fraudwatch, by profile. `fraudwatch --profile NAME` selects one; otherwise, `local`.
#
# Read from the user's configuration directory, then from the working directory, then from the
# environment; the last one read wins. Nothing is set yet: defaults are shown behind a single #.
# Remove it to change a setting. `fraudwatch profiles` then says whether it works.
#
# A secret is never written into this file, which only refers to it, in one of three forms:
# { env = "VARIABLE" }, { file = "/path" } or { keyring = "service/user" }.
# In the environment, its variable holds the secret itself.
"""
_EXAMPLE: Final = """\

# A company's Kafka and Flink. A profile of your own is not a sandbox unless it says so: no topic is
# created or emptied, nothing is simulated, and no job starts by itself. Its jobs ship the Kafka
# connector, unless it says `ship_connector = false`.

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
# Shown for settings without a default.
_PLACES: Final = {"path": '"/path"', "secret": '{ env = "VARIABLE" }'}


def starting_file() -> str:
    """Return a `fraudwatch.toml` that sets nothing and lists every setting.

    Lines that begin with `# ` are prose; those that begin with `#` and no space are settings.
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
    # Names and values are not broken across lines.
    said = "; ".join(filter(None, notes))
    for line in textwrap.wrap(said, _WIDTH, break_on_hyphens=False, break_long_words=False):
        yield f"# {line}\n"
    yield f"#{setting.name} = {setting.default or _PLACES[setting.kind]}\n"
