"""Calling EasyPost's SDK, and what a failure of it means for us."""

from collections.abc import Callable
from typing import Any

from oms.network import never_sent
from returns.carriers.base import CarrierError


def called(call: Callable[[], Any], *, writes: bool = False) -> Any:
    """Make one call of the SDK. Raises CarrierError with what its failure means for us."""
    from easypost.errors.api.api_error import ApiError  # noqa: PLC0415  0.4 s: workers alone pay it
    from easypost.errors.api.json_error import JsonError  # noqa: PLC0415
    from easypost.errors.general.easypost_error import EasyPostError  # noqa: PLC0415

    try:
        return call()
    except JsonError as problem:
        # Its own message quotes the whole answer, addresses included.
        raise CarrierError("EasyPost's answer is no JSON.", code="answer", retryable=True, unknown=writes) from problem
    except ApiError as problem:
        raise _meaning(problem, writes) from problem
    except EasyPostError as problem:
        raise CarrierError(str(problem), code="sdk") from problem


def _meaning(problem: Any, writes: bool) -> CarrierError:
    """Below 500 nothing was done; 5xx and silence leave it open. https://docs.easypost.com/docs/errors"""
    status, code, message = problem.http_status, str(problem.code or ""), str(problem.message)
    if status is None:
        sent = not never_sent(problem)
        return CarrierError("EasyPost did not answer.", code="no_answer", retryable=True, unknown=writes and sent)
    if status in (408, 429) or status >= 500:
        unknown = writes and status != 429
        return CarrierError(message, code=code or f"http_{status}", retryable=True, unknown=unknown)
    return CarrierError(message, code=code or f"http_{status}")
