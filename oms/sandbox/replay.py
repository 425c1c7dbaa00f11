"""EasyPost's recorded answers, given again: each call once, in the order in which it was recorded.

While a recording is loaded, calls under /v2/ are answered from it alone. Addresses of files are turned to our own, so
that nobody is asked outside; what lies there is the smallest file of its kind.
"""

import json
import re
import threading
import urllib.parse
from typing import Any

from .labels import Label, label_pdf, label_png, label_zpl
from .wire import Answer, Refused, Request

FILES = re.compile(r"https://easypost-files\.s3[.-]us-west-2\.amazonaws\.com/")
FOLDER = "/labels/recorded/"
DRAW = {"png": (label_png, "image/png"), "pdf": (label_pdf, "application/pdf"), "zpl": (label_zpl, "text/plain")}


class Replay:
    """What is left of the loaded recording, and what was asked of it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: list[dict[str, Any]] = []
        self._asked: list[dict[str, Any]] = []
        self.loaded = False

    def load(self, calls: list[dict[str, Any]]) -> None:
        """Take a recording's `interactions`; an empty list ends replaying."""
        with self._lock:
            self._left, self._asked, self.loaded = list(calls), [], bool(calls)

    def show(self) -> dict[str, Any]:
        with self._lock:
            return {"asked": self._asked, "left": [f"{call['method']} {call['path']}" for call in self._left]}

    def answer(self, request: Request) -> Answer:
        """The recorded answer of the first call left with this method and address. Raises Refused for any other."""
        with self._lock:
            self._asked.append({"method": request.method, "path": request.path, "body": request.form})
            for call in self._left:
                if call["method"] == request.method and _same(call["path"], request):
                    self._left.remove(call)
                    body = FILES.sub(f"{request.base}{FOLDER}", json.dumps(call["response_body"]))
                    return Answer(call["status"], json.loads(body))
        raise Refused(Answer(404, {"error": {"code": "NOT_RECORDED", "message": "No such call was recorded."}}))


def _same(recorded: str, request: Request) -> bool:
    path, _, query = recorded.partition("?")
    asked = {name: str(value) for name, value in request.query.items()}
    return path == request.path and (not query or dict(urllib.parse.parse_qsl(query)) == asked)


def file(path: str) -> Answer:
    """GET /labels/recorded/….png, .pdf or .zpl"""
    ending = path.rpartition(".")[2]
    if ending not in DRAW:
        return Answer(404, {"error": "No such label."})
    draw, kind = DRAW[ending]
    return Answer(200, draw(Label("USPS", "Recorded", "9400100208303109505664", "", [], [], "1.0")), content_type=kind)
