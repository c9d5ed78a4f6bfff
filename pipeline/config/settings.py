"""Everything that can be set for one profile."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
from platformdirs import user_cache_path, user_state_path

from pipeline.errors import ConfigError

from .flink import FlinkSettings
from .kafka import KafkaSettings
from .label_settings import LabelSettings
from .rule_settings import RuleSettings
from .types import Positive

LOCAL_PROFILE: Final = "local"
COMPOSE_PROFILE: Final = "compose"
VARIABLE: Final = "FRAUDWATCH"
"""Prefix of every environment variable."""


def _default_cache() -> Path:
    return user_cache_path("fraudwatch")


def _default_state() -> Path:
    return user_state_path("fraudwatch")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that can be set for one profile.

    Attributes:
        kafka: The Kafka cluster, in a table of its own: `[profile.NAME.kafka]`.
        flink: The Flink cluster, in a table of its own: `[profile.NAME.flink]`.
        rules: The built-in signal of rules, in a table of its own: `[profile.NAME.rules]`.
        labels: Labels that arrive late, and verdicts, in a table of their own:
            `[profile.NAME.labels]`.
        sandbox: Whether fraudwatch may create and empty topics, simulate transactions, and start
            jobs without being asked; `false` in a profile of your own.
        state_dir: Data, logs, pids, checkpoints and savepoints of the local stack, and the record
            of its jobs.
        cache_dir: Downloaded jars and class data archives, shared between stacks.
        slots: Task slots of a managed cluster; each job takes `parallelism` of them.
        parallelism: Parallelism of the feature jobs.
        retention_mib: Size at which a partition of a topic that fraudwatch creates starts to lose
            its oldest records.
        java_home: A Java 17 or 21 to use in place of the bundled one; empty for the bundled one.
        console_users: Users that the console keeps.
        console_windows: Closed windows of each kind that the console keeps.
        console_flagged: Flagged transactions that the console keeps.
        read_only: Whether the console changes nothing: no key that starts, stops or simulates.
        prove_always: Whether the console proves the rows of all jobs as they become final, with at
            most a fifth of a core; `false` in a profile of your own.
        plain_drawing: Whether the console draws lines and symbols with ASCII, for terminals in
            which those of Unicode are two cells wide.
        show_sensitive: Whether card numbers, names and what else a source declares as sensitive
            are shown in full.
        features: Python files with features of your own, which are imported; in the variable,
            separated as in `PATH`.
        built_in: Whether the profile has the tutorial's features and signals, its stream
            `transaction` and the simulator, too; without them, it has only the features of its
            files and the streams that those read.
        maven_repository: URL of a Maven repository to use in place of the public one.
    """

    kafka: KafkaSettings = msgspec.field(default_factory=KafkaSettings)
    flink: FlinkSettings = msgspec.field(default_factory=FlinkSettings)
    rules: RuleSettings = msgspec.field(default_factory=RuleSettings)
    labels: LabelSettings = msgspec.field(default_factory=LabelSettings)
    sandbox: bool = True
    state_dir: Path = msgspec.field(default_factory=_default_state)
    cache_dir: Path = msgspec.field(default_factory=_default_cache)
    slots: Positive = 8
    parallelism: Positive = 1
    retention_mib: Positive = 256
    console_users: Positive = 100_000
    console_windows: Positive = 48
    console_flagged: Positive = 1_000
    read_only: bool = False
    prove_always: bool = True
    plain_drawing: bool = False
    show_sensitive: bool = False
    features: tuple[Path, ...] = ()
    built_in: bool = True
    java_home: str = ""
    maven_repository: str = ""
    profile: str = LOCAL_PROFILE

    def require_sandbox(self, why: str) -> None:
        """Refuse what must not happen outside of a sandbox.

        Args:
            why: The refusal, as the end of a sentence.

        Raises:
            ConfigError: The profile is not a sandbox.
        """
        if not self.sandbox:
            raise ConfigError(
                f"Profile {self.profile!r} is not a sandbox, so {why}.",
                "Set sandbox = true in it if its topics may be created and emptied.",
            )

    def require_built_in(self, why: str) -> None:
        """Refuse what goes with the tutorial's stream.

        Args:
            why: The refusal, as the end of a sentence.

        Raises:
            ConfigError: The profile has only the user's own features.
        """
        if not self.built_in:
            raise ConfigError(
                f"Profile {self.profile!r} has only features of its own, so {why}.",
                "Set built_in = true in it for the tutorial's features, stream and simulator.",
            )

    @property
    def logs_dir(self) -> Path:
        """Log files of the local stack's processes."""
        return self.state_dir / "logs"

    @property
    def jars_dir(self) -> Path:
        """Downloaded jars whose checksums were verified."""
        return self.cache_dir / "jars"

    @property
    def checkpoints_dir(self) -> Path:
        """Checkpoints of the jobs on a managed cluster."""
        return self.state_dir / "checkpoints"

    @property
    def journal_file(self) -> Path:
        """What the next start needs to know of each job: see `flink.journal`."""
        return self.state_dir / "jobs.json"

    @property
    def model_file(self) -> Path:
        """The model of the signal `model`, as it was last installed."""
        return self.state_dir / "model.json"

    @property
    def thresholds_file(self) -> Path:
        """The thresholds that signals have been given: see `signals.thresholds`."""
        return self.state_dir / "thresholds.json"

    @property
    def shadow_file(self) -> Path:
        """The model of the signal `shadow`, as it was last installed."""
        return self.state_dir / "shadow.json"

    @property
    def standing_file(self) -> Path:
        """Which signal is live, and the history of signals: see `signals.standing`."""
        return self.state_dir / "signals.json"

    @property
    def proofs_file(self) -> Path:
        """The last proof of each job: see `proof`."""
        return self.state_dir / "proofs.json"

    @property
    def findings_dir(self) -> Path:
        """What the last comparison of each job found besides equal rows: see `findings`."""
        return self.state_dir / "findings"

    @property
    def savepoints_dir(self) -> Path:
        """Savepoints of the stopped jobs of a managed cluster."""
        return self.state_dir / "savepoints"


def defaults_of(name: str, kafka_port: str, flink_port: str) -> dict[str, Any]:
    """Return the defaults of a profile; only built-in profiles are sandboxes.

    Args:
        name: The profile's name.
        kafka_port: Port on which the Compose stack publishes Kafka.
        flink_port: Port on which it publishes Flink's REST API.
    """
    if name == LOCAL_PROFILE:
        return {}
    if name == COMPOSE_PROFILE:
        # As in docker-compose.yml; a test compares the two.
        return {
            "kafka": {
                "bootstrap": f"127.0.0.1:{kafka_port}",
                "bootstrap_for_flink": "kafka:29092",
            },
            "flink": {
                "rest": f"http://127.0.0.1:{flink_port}",
                "checkpoints": "file:///checkpoints",
                "savepoints": "file:///savepoints",
            },
        }
    return {"sandbox": False, "prove_always": False, "flink": {"ship_connector": True}}
