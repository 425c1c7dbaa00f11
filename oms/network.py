"""What a failed HTTP call of a vendor's SDK tells about whether the vendor may have acted on it."""

from typing import Any

# Raised by urllib3 and requests before a byte of the request has left.
_BEFORE = {"NewConnectionError", "ConnectTimeoutError", "NameResolutionError", "ConnectTimeout"}
_AFTER = {
    "ReadTimeoutError",
    "ReadTimeout",
    "ProtocolError",
    "RemoteDisconnected",
    "ConnectionResetError",
    "IncompleteRead",
}


def never_sent(problem: BaseException) -> bool:
    """Whether a call certainly did not reach the vendor: no connection came about. In doubt False."""
    names: set[str] = set()
    waiting: list[Any] = [problem]
    while waiting:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and type(cause).__name__ not in names:
            names.add(type(cause).__name__)
            # urllib3 keeps what happened as a `reason` or an argument rather than as a cause.
            waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
    return bool(names & _BEFORE) and not names & _AFTER
