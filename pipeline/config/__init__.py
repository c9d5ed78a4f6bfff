"""Settings: where the stack lives and how it is reached and entered, validated once.

Read, in order of rising weight: built-in defaults, `fraudwatch.toml` (user configuration directory,
then working directory), environment variables `FRAUDWATCH_*`.
"""

from .codec import from_json, kafka_from_json, kafka_to_json, to_json
from .flink import FlinkSettings
from .kafka import KafkaSettings
from .label_settings import LabelSettings
from .loading import FILE_NAME, files, files_with, load, profiles, user_directory
from .rule_settings import RuleSettings
from .schema_registry import RegistrySettings
from .secret import Secret
from .settings import COMPOSE_PROFILE, LOCAL_PROFILE, Settings
from .tls import Tls

__all__ = [
    "COMPOSE_PROFILE",
    "FILE_NAME",
    "LOCAL_PROFILE",
    "FlinkSettings",
    "KafkaSettings",
    "LabelSettings",
    "RegistrySettings",
    "RuleSettings",
    "Secret",
    "Settings",
    "Tls",
    "files",
    "files_with",
    "from_json",
    "kafka_from_json",
    "kafka_to_json",
    "load",
    "profiles",
    "to_json",
    "user_directory",
]
