"""A receiver of webhooks: a real HTTP server that can be down, slow, or answer with an error."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


class Receiver:
    """Takes messages while it is a context; ``answers`` is the status it gives, ``held`` keeps answers back, ``takes``
    is how many messages more it takes before it answers 503."""

    def __init__(self, port: int = 0) -> None:
        self.messages: list[dict[str, Any]] = []
        self.asked = 0
        self.answers = 200
        self.takes = 10**6
        self.held = threading.Event()
        self.held.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.asked += 1
                receiver.held.wait(20)
                if not receiver.takes:
                    receiver.answers = 503
                if receiver.answers == 200:
                    receiver.takes -= 1
                    receiver.messages.append(json.loads(body))
                try:
                    self.send_response(receiver.answers)
                    self.send_header("Location", "/elsewhere")
                    self.end_headers()
                except OSError:  # whoever asked has gone
                    pass

            def log_message(self, format: str, *arguments: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]

    @property
    def url(self) -> str:
        """Its address, with a secret in it as those of chat tools have one."""
        return f"http://127.0.0.1:{self.port}/hooks/s3cret"

    @property
    def texts(self) -> list[str]:
        """What people were shown."""
        return [message["text"] for message in self.messages]

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.held.set()
        self._server.shutdown()
        self._server.server_close()
