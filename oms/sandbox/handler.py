"""Sockets: read a call, hand it to the sandbox, write the answer or break the connection."""

import hashlib
import json
import socket
import struct
import sys
import traceback
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from .faults import Fate
from .wire import Answer, Dropped, Request, nested

if TYPE_CHECKING:
    from .server import Sandbox

LARGEST_BODY = 32 * 1024 * 1024


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with kept connections; an answer leaves in one write."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 90
    server: "Server"

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def _serve(self) -> None:
        request = self._request()
        if isinstance(request, Answer):
            self._write(request)
            return
        with self.server.sandbox.at_work(request):
            self._answer(request)

    def _answer(self, request: Request) -> None:
        try:
            answer, fate = self.server.sandbox.answer(request)
        except Dropped:
            self._break()
            return
        except Exception:
            traceback.print_exc(file=sys.stderr)
            answer, fate = Answer(500, {"error": {"message": "The sandbox itself failed; see its log."}}), Fate()
        try:
            self._write(answer)
            self.wfile.flush()
        finally:
            if not fate.early:
                self.server.sandbox.webhooks.send(answer.events)

    def _request(self) -> Request | Answer:
        """The call as the vendors' parts see it, or the refusal of one that cannot be read."""
        host = self.headers.get("Host", "")
        if urllib.parse.urlsplit(f"//{host}").hostname not in ("127.0.0.1", "localhost", "::1"):
            return self._unreadable(403, "The sandbox answers on loopback only.")
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit() or int(length) > LARGEST_BODY:
            return self._unreadable(411, "A body needs a Content-Length of at most 32 MiB.")
        body = self.rfile.read(int(length))
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        as_json = headers.get("content-type", "").startswith("application/json")
        if path.startswith("/_sandbox/") and self.command != "GET" and not as_json:
            return self._unreadable(415, "Send application/json.")  # what a foreign web page cannot send unasked
        try:
            if as_json:
                form = json.loads(body) if body else {}
                form = form if isinstance(form, dict) else {"list": form}
            else:
                form = nested(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
            asked = nested(urllib.parse.parse_qsl(query, keep_blank_values=True))
        except (ValueError, RecursionError):
            return self._unreadable(400, "The body cannot be read.")
        fingerprint = hashlib.sha256(path.encode() + b"\n" + _sorted(body, as_json)).hexdigest()
        return Request(self.command, path, asked, form, headers, f"http://{host}", fingerprint)

    def _unreadable(self, status: int, message: str) -> Answer:
        self.close_connection = True
        return Answer(status, {"error": {"message": message}})

    def _write(self, answer: Answer) -> None:
        raw = isinstance(answer.body, bytes)
        body = answer.body if raw else json.dumps(answer.body, separators=(",", ":")).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _break(self) -> None:
        """Reset the connection, as a machine that dies does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: requests hold names and addresses."""


def _sorted(body: bytes, as_json: bool) -> bytes:
    """The parameters in an order of their own, so that only what they say is compared."""
    return body if as_json else b"&".join(sorted(body.split(b"&")))


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], sandbox: "Sandbox") -> None:
        super().__init__(address, Handler)
        self.sandbox = sandbox

    def server_bind(self) -> None:
        # HTTPServer would ask for the host's name, which may wait for a name server.
        socket.setdefaulttimeout(None)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is no news; anything else is."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError | ValueError):
            super().handle_error(request, client_address)
