"""Plans jobs, and hosts the local cluster, in a JVM that is called through Py4J.

Sources: Py4J 0.10, `java_gateway`; Flink 2.3, `TableEnvironment` and `MiniCluster`.
"""

from __future__ import annotations

import re
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipeline.errors import UnavailableError

from .planning import Planning
from .submission import Submission, Submitted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from py4j.protocol import Py4JJavaError

# Loads the classes that features need: watermarks, OVER and window aggregates, Kafka tables.
_WARM_UP: Final = (
    "CREATE TEMPORARY TABLE warm_up_source (user_id BIGINT, amt DOUBLE, ts TIMESTAMP(3), "
    "WATERMARK FOR ts AS ts - INTERVAL '15' SECOND) WITH ('connector' = 'kafka', "
    "'topic' = 'warm_up', 'properties.bootstrap.servers' = '127.0.0.1:1', 'format' = 'json', "
    "'scan.startup.mode' = 'earliest-offset')",
    "CREATE TEMPORARY TABLE warm_up_sink (user_id BIGINT, mean DOUBLE, number BIGINT, "
    "ts TIMESTAMP(3)) WITH ('connector' = 'kafka', 'topic' = 'warm_up', "
    "'properties.bootstrap.servers' = '127.0.0.1:1', 'format' = 'json')",
    "EXPLAIN INSERT INTO warm_up_sink SELECT user_id, AVG(amt) OVER w, COUNT(amt) OVER w, ts "
    "FROM warm_up_source WINDOW w AS (PARTITION BY user_id ORDER BY ts "
    "RANGE BETWEEN INTERVAL '6' HOUR PRECEDING AND CURRENT ROW)",
    "EXPLAIN INSERT INTO warm_up_sink SELECT user_id, AVG(amt), COUNT(*), window_end "
    "FROM TABLE(TUMBLE(TABLE warm_up_source, DESCRIPTOR(ts), INTERVAL '6' HOUR)) "
    "GROUP BY window_start, window_end, user_id",
)

# What Flink and Calcite say of SQL is a sentence without the name of the exception.
_OF_SQL: Final = re.compile(r"^org\.apache\.(?:flink\.(?:table|sql)|calcite)\.[\w.$]+: ")


class Gateway:
    """A connection to the JVM; methods block, and may be called from any thread.

    Args:
        port: Port of the JVM's Py4J server, on loopback.
        token: The server's authentication token.
        shipped: URLs of jars to ship with each job; empty where the cluster has them.
    """

    def __init__(self, port: int, token: str, shipped: tuple[str, ...] = ()) -> None:
        from py4j.java_gateway import GatewayParameters, JavaGateway

        self._gateway = JavaGateway(
            gateway_parameters=GatewayParameters(port=port, auth_token=token, auto_convert=True)
        )
        self._shipped = ";".join(shipped)

    def close(self) -> None:
        """Close the connections; the JVM keeps running."""
        self._gateway.close()

    def host_cluster(self, conf: Path, slots: int) -> str:
        """Start a cluster inside the JVM: JobManager, one TaskManager and the REST endpoint.

        Args:
            conf: Directory of its `config.yaml`.
            slots: Number of task slots.

        Returns:
            The address of its REST endpoint.

        Raises:
            UnavailableError: It does not start.
        """
        with self._calls() as flink:
            configuration = flink.configuration.GlobalConfiguration.loadConfiguration(str(conf))
            minicluster = flink.runtime.minicluster
            settings = (
                getattr(minicluster, "MiniClusterConfiguration$Builder")()
                .setConfiguration(configuration)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(slots)
                .build()
            )
            cluster = minicluster.MiniCluster(settings)
            cluster.start()
            return str(cluster.getRestAddress().get().toString())

    def warm_up(self) -> None:
        """Plan and discard jobs that resemble features, so that the first real job is planned fast.

        Raises:
            UnavailableError: The JVM has ended.
        """
        with self._calls(), closing(Planning(self._gateway, {})) as planning:
            for statement in _WARM_UP:
                planning.execute(statement)

    def submit(self, submission: Submission) -> Submitted:
        """Plan a job and submit it to the cluster that its options name.

        Raises:
            UnavailableError: The JVM has ended.
        """
        from py4j.protocol import Py4JJavaError

        shipped = {"pipeline.jars": self._shipped} if self._shipped else {}
        try:
            with (
                self._connection(),
                closing(Planning(self._gateway, submission.options | shipped)) as planning,
            ):
                for statement in submission.statements:
                    result = planning.execute(statement)
                return Submitted(job_id=str(result.getJobClient().get().getJobID().toString()))
        except Py4JJavaError as error:
            return Submitted(error=_root_cause(error))

    @contextmanager
    def _calls(self) -> Iterator[Any]:
        """Yield Flink's packages; convert Java exceptions to one sentence."""
        from py4j.protocol import Py4JJavaError

        try:
            with self._connection() as flink:
                yield flink
        except Py4JJavaError as error:
            raise UnavailableError(f"Flink does not start: {_root_cause(error)}.") from error

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        from py4j.protocol import Py4JError, Py4JJavaError

        try:
            yield self._gateway.jvm.org.apache.flink
        except Py4JJavaError:
            raise
        except (Py4JError, OSError) as error:
            raise UnavailableError("Flink's process ended or did not answer.") from error


def _root_cause(error: Py4JJavaError) -> str:
    """Return the innermost cause in one line; the JVM's log has the stack trace."""
    exception = error.java_exception
    exception.printStackTrace()
    while (cause := exception.getCause()) is not None:
        exception = cause
    return _OF_SQL.sub("", str(exception.toString()).partition("\n")[0].strip())
