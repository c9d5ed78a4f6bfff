"""What every Kafka client of ours has in common, and how its errors reach the user."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from pipeline.config import KafkaSettings
from pipeline.errors import ConfigError, PipelineError, UnavailableError
from pipeline.text.words import quoted

from .security import librdkafka

T = TypeVar("T")

REQUEST_SECONDS: Final = 10.0
_PROBE_SECONDS: Final = 5.0
# A broker that is starved of processor time is fenced and takes its partitions up again afterwards.
_READY_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.05
NOT_READY: Final = (
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    # A topic that was made a moment ago, or another broker that leads since then.
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.OFFSET_NOT_AVAILABLE,
    KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.UNKNOWN_LEADER_EPOCH,
)
_NO_CONNECTION: Final = "there is no connection, or it is closed at once"
_NO_TIME: Final = "no answer in time"
_NO_KAFKA: Final = "what answers there does not speak Kafka's protocol"
_IN_WORDS: Final = {
    KafkaError._TRANSPORT: _NO_CONNECTION,
    KafkaError._ALL_BROKERS_DOWN: _NO_CONNECTION,
    KafkaError._TIMED_OUT: _NO_TIME,
    KafkaError._TIMED_OUT_QUEUE: _NO_TIME,
    KafkaError._MSG_TIMED_OUT: _NO_TIME,
    KafkaError._BAD_MSG: _NO_KAFKA,
    KafkaError._UNDERFLOW: _NO_KAFKA,
    KafkaError._PARTIAL: _NO_KAFKA,
    KafkaError._UNKNOWN_TOPIC: "there is no such topic",
    KafkaError._UNKNOWN_PARTITION: "there is no such partition",
    KafkaError._UNSUPPORTED_FEATURE: "it does not know what it is asked for",
    KafkaError._FATAL: "its client has given up for good",
}
# What Python says of a call that has failed and whose reason is gone.
_LOST: Final = "without setting an exception"
# Who says it: the library, or the broker through it.
_ITS_PREFIX: Final = re.compile(r"^.*\b(Local|Broker): ", re.DOTALL)
# What waiting does not mend.
_FINAL: Final = (KafkaError._AUTHENTICATION, KafkaError._SSL, KafkaError._RESOLVE)


def client_config(kafka: KafkaSettings) -> dict[str, Any]:
    """The part of a client's configuration that is the same for all.

    Args:
        kafka: Where Kafka is, and how to get in.

    Raises:
        ConfigError: A secret or a certificate is not where the settings say.
    """
    return {
        "bootstrap.servers": kafka.bootstrap,
        # librdkafka writes to stderr, into whatever screen is there, unless it has a logger.
        "logger": logging.getLogger("pipeline.kafka"),
        "socket.timeout.ms": 10_000,
        "reconnect.backoff.max.ms": 2_000,
        "topic.metadata.refresh.interval.ms": 10_000,
        **librdkafka(kafka),
    }


def answered(answer: Future[T]) -> T:
    """What a client answers; waits for it.

    Raises:
        KafkaException: It does not. Not the exception that the future keeps: with its traceback it
            is in a cycle with the client, which then is destroyed by whichever thread looks for
            garbage, and if that is one of its own the process ends.
    """
    failure = answer.exception()
    if isinstance(failure, KafkaException):
        raise KafkaException(*failure.args)
    return answer.result()


def patiently(ask: Callable[[], T]) -> T:
    """Ask again while the broker is not ready, as in its and a topic's first seconds.

    Raises:
        KafkaException: It is not in a minute, or something else is wrong.
    """
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            return ask()
        except KafkaException as error:
            if error.args[0].code() not in NOT_READY or time.monotonic() > deadline:
                raise
            time.sleep(_POLL_SECONDS)


def unavailable(kafka: KafkaSettings, error: KafkaError | KafkaException) -> UnavailableError:
    """What a client's error means to the user."""
    cause = error.args[0] if isinstance(error, KafkaException) else error
    return UnavailableError(
        f"Kafka at {kafka.bootstrap} cannot be used: {in_words(cause)}.",
        "See whether it runs with `fraudwatch status`.",
    )


def in_words(error: KafkaError) -> str:
    """What a client says is wrong, without the words of its library and without a full stop."""
    said = error.str()
    if found := _IN_WORDS.get(error.code()):
        refused = error.code() == KafkaError._TRANSPORT and "refused" in said
        return "the connection is refused" if refused else found
    if error.name().startswith("Err-"):
        return f"it answers with the unknown error {error.code()}"
    return quoted(_ITS_PREFIX.sub("", said).split(" (")[0])


@contextmanager
def reporting(kafka: KafkaSettings) -> Iterator[None]:
    """Turn a client's exceptions into an UnavailableError.

    Raises:
        UnavailableError: Kafka cannot be reached or refuses.
    """
    try:
        yield
    except KafkaException as error:
        raise unavailable(kafka, error) from error
    except SystemError as error:
        # A client that gives up for good raises why, and calls back all the same, which Python
        # takes for a fault of the client's library; sometimes the reason is lost on the way.
        if isinstance(error.__cause__, KafkaException):
            raise unavailable(kafka, error.__cause__) from error
        if _LOST in str(error):
            raise unavailable(kafka, KafkaError(KafkaError._FATAL)) from error
        raise


class Probe:
    """Asks a Kafka whether it answers, and finds out why it does not; may be shared by threads.

    A client only says that a request timed out, and why in passing, beside it.

    Args:
        kafka: Where Kafka is, and how to get in.

    Raises:
        ConfigError: A secret or a certificate is not where the settings say.
    """

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        # Not the probe itself: in a cycle, the client would be destroyed by whichever thread looks
        # for garbage, and that may be one of its own, which ends the process.
        self._passing = passing = _Passing()
        try:
            self._admin = AdminClient(client_config(kafka) | {"error_cb": passing.take})
        except KafkaException as error:
            raise ConfigError(
                f"The settings for Kafka at {kafka.bootstrap} cannot be used: "
                f"{in_words(error.args[0])}.",
                "Correct the table `kafka` of the profile.",
            ) from error

    def ask(self, seconds: float = _PROBE_SECONDS) -> None:
        """Return when Kafka has answered.

        Args:
            seconds: To wait for it.

        Raises:
            ConfigError: It does not let us in, or is not to be trusted.
            UnavailableError: It does not answer.
        """
        passing = self._passing
        answer = self._admin.describe_cluster(request_timeout=seconds)
        while not answer.done():
            self._admin.poll(_POLL_SECONDS)
            if passing.error is not None and passing.error.code() in _FINAL:
                break
        # Not raised here: with its traceback it would be in a cycle with the probe.
        failure = answer.exception() if answer.done() else None
        said, passing.error = passing.error, None
        if answer.done() and failure is None:
            return
        if isinstance(failure, KafkaException):
            said = said or failure.args[0]
        elif failure is not None:
            raise failure
        raise _explained(self._kafka, said or KafkaError(KafkaError._TIMED_OUT))


class _Passing:
    """What a client says in passing, of which the last that says most is kept."""

    def __init__(self) -> None:
        self.error: KafkaError | None = None

    def take(self, error: KafkaError) -> None:
        # That all brokers are down comes after the reason for it.
        if error.code() != KafkaError._ALL_BROKERS_DOWN:
            self.error = error


def _explained(kafka: KafkaSettings, error: KafkaError) -> PipelineError:
    reason, where = error.str(), f"Kafka at {kafka.bootstrap}"
    if error.code() == KafkaError._AUTHENTICATION:
        who = kafka.username or kafka.client_id
        return ConfigError(
            f"{where} does not let {who!r} in: {reason.rpartition(': ')[2].split(' (')[0]}.",
            "Check sasl_mechanism, username and password of the profile.",
        )
    if error.code() == KafkaError._SSL and "certificate verify failed" in reason:
        return ConfigError(
            f"The certificate of {where} is not trusted.",
            "Set ca_file to the certificate of the authority that signed it.",
        )
    if error.code() == KafkaError._SSL:
        return ConfigError(
            f"{where} and fraudwatch find no common TLS: {reason.split(' (')[0]}.",
            "Check security_protocol and the certificates of the profile.",
        )
    if error.code() == KafkaError._RESOLVE:
        return UnavailableError(
            f"The host of {where} is not known.", "Correct bootstrap, or the name service."
        )
    return UnavailableError(
        f"{where} does not answer: {in_words(error)}.",
        "See whether it runs, and whether bootstrap and security_protocol are right.",
    )
