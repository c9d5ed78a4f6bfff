"""Plans the statements of a job in one thread of Java's, which finds the classes of its jars.

Flink's format for Protobuf looks for messages in the class loader of its thread, and the planner
leaves things in the thread that made it. Py4J serves each call in any of its own threads. Sources:
Flink 2.3, `PbFormatUtils` and `FlinkRelOptClusterFactory`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_API: Final = "org.apache.flink.table.api"


class Planning:
    """A streaming table environment, all of whose work is done in one thread of its own.

    Args:
        gateway: Py4J's connection to the JVM.
        options: Flink configuration.
    """

    def __init__(self, gateway: Any, options: Mapping[str, str]) -> None:
        self._gateway = gateway
        java, flink = gateway.jvm.java, gateway.jvm.org.apache.flink
        self._invoke, self._class = java.lang.invoke, java.lang.Class.forName
        configuration = flink.configuration.Configuration()
        for name, value in options.items():
            configuration.setString(name, value)
        streaming = flink.table.api.EnvironmentSettings.newInstance().inStreamingMode()
        settings = streaming.withConfiguration(configuration).build()
        self._thread = java.util.concurrent.Executors.newSingleThreadExecutor()
        try:
            created = self._takes("TableEnvironment", self._class(f"{_API}.EnvironmentSettings"))
            of = self._class(f"{_API}.TableEnvironment")
            self._environment = self._run(
                self._lookup().findStatic(of, "create", created), settings
            )
            self._find_classes()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    def execute(self, statement: str) -> Any:
        """Execute a statement and return its `TableResult`."""
        takes = self._takes("TableResult", self._class("java.lang.String"))
        return self._run(self._lookup().bind(self._environment, "executeSql", takes), statement)

    def _find_classes(self) -> None:
        """Have the thread find classes in the jars that statements add."""
        of = self._class("java.lang.Thread")
        current = self._invoke.MethodType.methodType(of)
        thread = self._run(self._lookup().findStatic(of, "currentThread", current))
        loader = self._environment.getPlanner().getFlinkContext().getClassLoader()
        thread.setContextClassLoader(loader)

    def _lookup(self) -> Any:
        return self._invoke.MethodHandles.publicLookup()

    def _takes(self, returned: str, argument: Any) -> Any:
        """The type of a method with one argument, which returns a type of Flink's API."""
        return self._invoke.MethodType.methodType(self._class(f"{_API}.{returned}"), argument)

    def _run(self, method: Any, *arguments: object) -> Any:
        """Call a method with arguments in the thread, and return what it returns."""
        given = self._gateway.new_array(self._gateway.jvm.java.lang.Object, len(arguments))
        for place, argument in enumerate(arguments):
            given[place] = argument
        call = self._invoke.MethodHandleProxies.asInterfaceInstance(
            self._class("java.util.concurrent.Callable"),
            self._invoke.MethodHandles.insertArguments(method, 0, given),
        )
        return self._thread.submit(call).get()
