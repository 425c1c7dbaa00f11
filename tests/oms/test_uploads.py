from io import BytesIO

import pytest
from django.test import Client

from oms.uploads import MOST_BYTES


@pytest.mark.django_db
def test_an_upload_beyond_the_limit_is_refused_before_it_is_read() -> None:
    class Endless(BytesIO):
        def read(self, *_size: object) -> bytes:
            raise AssertionError("a byte of it was read")

    announced = {
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
        "CONTENT_LENGTH": str(MOST_BYTES + 1),
        "wsgi.input": Endless(),
    }
    response = Client().generic("POST", "/", b"", **announced)
    assert response.status_code == 400
