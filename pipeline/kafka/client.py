"""Client configuration shared by all Kafka clients, and the translation of their errors."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from pipeline.config import KafkaSettings
from pipeline.errors import ConfigError, PipelineError, UnavailableError
from pipeline.text.words import quoted

from .security import librdkafka

T = TypeVar("T")

REQUEST_SECONDS: Final = 10.0
_PROBE_SECONDS: Final = 5.0
# A broker short of CPU time is fenced by the controller, and leads its partitions again afterwards.
_READY_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.05
NOT_READY: Final = (
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    # A topic created a moment ago, or a new leader that the client does not know yet.
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.OFFSET_NOT_AVAILABLE,
    KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.UNKNOWN_LEADER_EPOCH,
)
_NO_CONNECTION: Final = "the connection fails, or is closed at once"
_NO_TIME: Final = "no answer in time"
_NO_KAFKA: Final = "the server there does not speak Kafka's protocol"
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
    KafkaError._UNSUPPORTED_FEATURE: "it does not support this request",
    KafkaError._FATAL: "its client has failed and cannot recover",
}
# Python's message for a C call that failed without setting an exception.
_LOST: Final = "without setting an exception"
# Prefix that names the source: the library, or the broker.
_ITS_PREFIX: Final = re.compile(r"^.*\b(Local|Broker): ", re.DOTALL)
# Errors for which a retry is useless.
_FINAL: Final = (KafkaError._AUTHENTICATION, KafkaError._SSL, KafkaError._RESOLVE)


def client_config(kafka: KafkaSettings) -> dict[str, Any]:
    """Return the configuration that all clients share.

    Args:
        kafka: The cluster and its credentials.

    Raises:
        ConfigError: A secret or a certificate cannot be read.
    """
    return {
        "bootstrap.servers": kafka.bootstrap,
        # Without a logger, librdkafka writes to stderr, across the console's screen.
        "logger": logging.getLogger("pipeline.kafka"),
        "socket.timeout.ms": 10_000,
        "reconnect.backoff.max.ms": 2_000,
        "topic.metadata.refresh.interval.ms": 10_000,
        **librdkafka(kafka),
    }


def new_consumer(kafka: KafkaSettings, options: dict[str, Any]) -> Consumer:
    """Return a consumer that joins no group and commits nothing.

    Args:
        kafka: The cluster and its credentials.
        options: Settings that differ from librdkafka's defaults.
    """
    return Consumer(
        client_config(kafka)
        | {
            # librdkafka requires a group id, but joins the group only on subscribe().
            "group.id": "fraudwatch-console",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            # The default of 1 s is how long fetching would pause after a full queue.
            "fetch.queue.backoff.ms": 5,
        }
        | options
    )


def wait_for(answer: Future[T]) -> T:
    """Wait for an answer and return it.

    Raises:
        KafkaException: The request failed. It is a new exception, not the one in the future: that
            one's traceback forms a cycle with the client, so that the garbage collector may destroy
            the client in any thread; in one of the client's own threads, that aborts the process.
    """
    failure = answer.exception()
    if isinstance(failure, KafkaException):
        raise KafkaException(*failure.args)
    return answer.result()


def with_retries(ask: Callable[[], T]) -> T:
    """Retry while the broker or a new topic is not ready.

    Raises:
        KafkaException: It is not ready within a minute, or something else is wrong.
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
    """Convert a client's error to an UnavailableError."""
    cause = error.args[0] if isinstance(error, KafkaException) else error
    return UnavailableError(
        f"Kafka at {kafka.bootstrap} cannot be used: {describe_error(cause)}.",
        "See whether it runs with `fraudwatch status`.",
    )


def describe_error(error: KafkaError) -> str:
    """Describe a client's error, without the library's prefix and without a full stop."""
    said = error.str()
    if found := _IN_WORDS.get(error.code()):
        refused = error.code() == KafkaError._TRANSPORT and "refused" in said
        return "the connection was refused" if refused else found
    if error.name().startswith("Err-"):
        return f"it answers with the unknown error {error.code()}"
    return quoted(_ITS_PREFIX.sub("", said).split(" (")[0])


@contextmanager
def reporting(kafka: KafkaSettings) -> Iterator[None]:
    """Convert a client's exceptions to an UnavailableError.

    Raises:
        UnavailableError: Kafka cannot be reached or refuses.
    """
    try:
        yield
    except KafkaException as error:
        raise unavailable(kafka, error) from error
    except SystemError as error:
        # After a fatal error, the client raises the reason and still runs its callbacks, which
        # Python reports as a SystemError; sometimes the reason is lost.
        if isinstance(error.__cause__, KafkaException):
            raise unavailable(kafka, error.__cause__) from error
        if _LOST in str(error):
            raise unavailable(kafka, KafkaError(KafkaError._FATAL)) from error
        raise


class Probe:
    """Checks whether Kafka answers, and finds out why it does not; thread-safe.

    The request itself only times out; the client reports the reason to its error callback.

    Args:
        kafka: The cluster and its credentials.

    Raises:
        ConfigError: A secret or a certificate cannot be read.
    """

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        # Not the probe itself: that would be a cycle, and the garbage collector could destroy the
        # client in one of the client's own threads, which aborts the process.
        self._passing = passing = _ReportedError()
        try:
            self._admin = AdminClient(client_config(kafka) | {"error_cb": passing.take})
        except KafkaException as error:
            raise ConfigError(
                f"The settings for Kafka at {kafka.bootstrap} cannot be used: "
                f"{describe_error(error.args[0])}.",
                "Correct the table `kafka` of the profile.",
            ) from error

    def ask(self, seconds: float = _PROBE_SECONDS, *, cluster_id: str = "") -> None:
        """Return once Kafka has answered.

        Args:
            seconds: Timeout.
            cluster_id: The id of the cluster that has to answer; any may when empty.

        Raises:
            ConfigError: Authentication failed, or the certificate is not trusted.
            UnavailableError: Kafka does not answer, or it is another cluster.
        """
        passing = self._passing
        answer = self._admin.describe_cluster(request_timeout=seconds)
        while not answer.done():
            self._admin.poll(_POLL_SECONDS)
            if passing.error is not None and passing.error.code() in _FINAL:
                break
        # Not raised here: its traceback would form a cycle with the probe.
        failure = answer.exception() if answer.done() else None
        said, passing.error = passing.error, None
        if answer.done() and failure is None:
            if cluster_id and answer.result().cluster_id != cluster_id:
                raise _another_cluster(self._kafka)
            return
        if isinstance(failure, KafkaException):
            said = said or failure.args[0]
        elif failure is not None:
            raise failure
        raise _explained(self._kafka, said or KafkaError(KafkaError._TIMED_OUT))


class _ReportedError:
    """Takes the errors of the client's callback and keeps the most informative one."""

    def __init__(self) -> None:
        self.error: KafkaError | None = None

    def take(self, error: KafkaError) -> None:
        # "All brokers are down" follows the error that explains it.
        if error.code() != KafkaError._ALL_BROKERS_DOWN:
            self.error = error


def _another_cluster(kafka: KafkaSettings) -> UnavailableError:
    return UnavailableError(
        f"At {kafka.bootstrap}, another Kafka answers than the broker of this stack; nothing was "
        "written to it.",
        "End what listens there, or set another port in the profile's table `kafka`; then restart "
        "the stack with `fraudwatch down` and `fraudwatch up`.",
    )


def _explained(kafka: KafkaSettings, error: KafkaError) -> PipelineError:
    reason, where = error.str(), f"Kafka at {kafka.bootstrap}"
    if error.code() == KafkaError._AUTHENTICATION:
        who = kafka.username or kafka.client_id
        return ConfigError(
            f"{where} refuses access to {who!r}: {reason.rpartition(': ')[2].split(' (')[0]}.",
            "Check sasl_mechanism, username and password of the profile.",
        )
    if error.code() == KafkaError._SSL and "certificate verify failed" in reason:
        return ConfigError(
            f"The certificate of {where} is not trusted.",
            "Set ca_file to the certificate of the authority that signed it.",
        )
    if error.code() == KafkaError._SSL:
        return ConfigError(
            f"The TLS handshake with {where} failed: {reason.split(' (')[0]}.",
            "Check security_protocol and the certificates of the profile.",
        )
    if error.code() == KafkaError._RESOLVE:
        return UnavailableError(
            f"The host name of {where} cannot be resolved.", "Correct bootstrap, or check DNS."
        )
    return UnavailableError(
        f"{where} does not answer: {describe_error(error)}.",
        "Check that it runs, and that bootstrap and security_protocol are right.",
    )
