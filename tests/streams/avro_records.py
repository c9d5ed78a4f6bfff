"""Records in Avro, and a schema registry on a socket of this process."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any
from urllib.parse import unquote

import fastavro

from pipeline.formats.avro.columns import as_stored


def encoded(number: int, written: dict[str, Any], row: dict[str, Any]) -> bytes:
    """A value with the id of its schema; the row is as it is stored, or has texts."""
    data = BytesIO()
    stored = as_stored(written)
    bare = {field["name"] for field in stored["fields"] if "bytes" in field["type"]}
    values = {
        name: value.encode() if name in bare and isinstance(value, str) else value
        for name, value in row.items()
    }
    fastavro.schemaless_writer(data, fastavro.parse_schema(stored), values)
    return b"\0" + number.to_bytes(4, "big") + data.getvalue()


class Registry:
    """A registry that answers what it is told to.

    Attributes:
        schemas: Schemas by id: those of Avro, or answers with their type.
        latest: The newest schema by subject.
        status: Answered to everything, unless it is 200.
        asked: The paths that were asked for.
        url: Its address.
    """

    def __init__(self) -> None:
        self.schemas: dict[int, dict[str, Any]] = {}
        self.latest: dict[str, dict[str, Any]] = {}
        self.status = 200
        self.asked: list[str] = []
        self.authorized: set[str | None] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                outer.authorized.add(self.headers["Authorization"])
                code, answer = outer.answer(self.path)
                body = json.dumps(answer).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, path: str) -> tuple[int, object]:
        parts = [unquote(part) for part in path.partition("?")[0].strip("/").split("/")]
        if self.status != 200:
            return self.status, {"error_code": self.status, "message": "no"}
        if parts[:2] == ["schemas", "ids"] and (found := self.schemas.get(int(parts[2]))):
            return 200, _answered(found)
        if parts == ["subjects"]:
            return 200, list(self.latest)
        if parts[0] == "subjects" and (newest := self.latest.get(parts[1])):
            return 200, {"subject": parts[1], "id": 1, "version": 1} | _answered(newest)
        return 404, {"error_code": 40403, "message": "Schema not found"}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _answered(schema: dict[str, Any]) -> dict[str, Any]:
    return schema if "schemaType" in schema else {"schema": json.dumps(schema)}
