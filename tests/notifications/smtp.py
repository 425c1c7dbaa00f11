"""A mail server small enough to read: takes what Django's SMTP backend says and answers as told."""

import socketserver
import threading
from types import TracebackType
from typing import Any, Self


class MailServer:
    """A context manager. `mails` is what was accepted; `answers` are said instead of accepting, one for each mail."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.answers: list[str] = []
        shop = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                shop.talk(self.rfile, self.wfile)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._server.server_address[1]}"

    def talk(self, said: Any, say: Any) -> None:
        say.write(b"220 ready\r\n")
        for line in said:
            word = line[:4].upper().strip()
            if word == b"DATA":
                say.write(b"354 go on\r\n")
                lines = iter(said.readline, b".\r\n")
                body = b"".join(one.removeprefix(b".") for one in lines)  # a first dot was doubled on the way
                if self.answers:
                    say.write(self.answers.pop(0).encode() + b"\r\n")
                else:
                    self.mails.append(body)
                    say.write(b"250 taken\r\n")
            elif word == b"QUIT":
                say.write(b"221 bye\r\n")
                return
            else:
                say.write(b"250 ok\r\n")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
