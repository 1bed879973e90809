"""A real HTTP service that speaks OpenAI's wire format, and whatever a test wants it to say."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple

Body = dict[str, Any]


class Said(NamedTuple):
    """An answer: status, body (bytes as they are, anything else as the content of a completion), headers."""

    content: Any
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    cut: bool = False
    hold: threading.Event | None = None


class Service:
    """Answers every request with what ``answer`` makes of its body. A context manager."""

    def __init__(self, answer: Callable[[Body], Said]) -> None:
        self.requests: list[Body] = []
        self.authorizations: list[str] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                service.requests.append(body)
                service.authorizations.append(self.headers.get("Authorization", ""))
                said = answer(body)
                if said.hold:
                    said.hold.wait(30)
                raw = said.content if isinstance(said.content, bytes) else completion(said.content)
                self.send_response(said.status)
                self.send_header("Content-Length", str(len(raw)))
                for name, value in said.headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw[: len(raw) // 2] if said.cut else raw)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that has gone away is no news."""

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Service:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def completion(content: Any) -> bytes:
    """A chat completion whose message is a text, or JSON."""
    text = content if isinstance(content, str) else json.dumps(content)
    usage = {"prompt_tokens": 700, "completion_tokens": 120, "total_tokens": 820}
    message = {"role": "assistant", "content": text}
    return json.dumps(
        {"object": "chat.completion", "choices": [{"index": 0, "message": message}], "usage": usage}
    ).encode()
