"""A small load client: as many kept-alive connections as clients, each asking again as soon as it is answered."""

import http.client
import threading
import time
from urllib.parse import urlsplit


def ask(url: str, *, clients: int, seconds: float) -> list[float]:
    """Return how long each GET took, in seconds; anything but 200 raises."""
    parts = urlsplit(url)
    took: list[list[float]] = [[] for _ in range(clients)]
    wrong: list[int] = []
    end = time.monotonic() + seconds

    def client(times: list[float]) -> None:
        line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        while time.monotonic() < end:
            started = time.perf_counter()
            line.request("GET", parts.path or "/")
            answer = line.getresponse()
            answer.read()
            times.append(time.perf_counter() - started)
            if answer.status != 200:
                wrong.append(answer.status)
                return
        line.close()

    threads = [threading.Thread(target=client, args=(times,)) for times in took]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise RuntimeError(f"{url} answered {wrong[0]}")
    return [seconds for times in took for seconds in times]


def percentile(times: list[float], share: float) -> float:
    """Return the time, in milliseconds, that this share of the answers kept within."""
    ordered = sorted(times)
    return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)
