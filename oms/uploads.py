"""A limit for whole uploads: what is larger is refused before a byte of it is written to disk."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

MOST_BYTES = 64 * 1024 * 1024  # five photos of 10 MB and what is written beside them


class LimitedUpload(FileUploadHandler):
    """First of the handlers: looks at the announced length and leaves the rest to the others."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *_more: Any) -> None:
        if content_length > MOST_BYTES:
            raise RequestDataTooBig("The upload is larger than a form of ours can be.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
