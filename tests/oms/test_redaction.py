import logging

import pytest

from oms.redaction import WithoutLinks


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/r/R-7K3M-92QXC/abcdefghijklmnopqrstuvwxyz/", "/r/R-7K3M-92QXC/…/"),
        ("/r/R-7K3M-92QXC/abcdefghijklmnopqrstuvwxyz/label/", "/r/R-7K3M-92QXC/…/label/"),
        ("/return/0ba674fc-1ac1-40f9-9c62-534744b1f983/items/", "/return/…/items/"),
        ("/credit/S-7K3M-92QXC/abcdefghijklmnopqrstuvwxyz/", "/credit/S-7K3M-92QXC/…/"),
        ("/returns/R-7K3M-92QXC/", "/returns/R-7K3M-92QXC/"),
        ("/orders/?q=1", "/orders/?q=1"),
    ],
)
def test_no_link_of_a_customer_reaches_a_log(path: str, logged: str) -> None:
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "%s: %s", ("Not Found", path), None)
    WithoutLinks().filter(record)
    assert record.getMessage() == f"Not Found: {logged}"
