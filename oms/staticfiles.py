"""One stylesheet per kind of page: `collectstatic` writes what ``portal.css``, ``staff.css`` and ``admin.css`` import
into them, so that a page costs one request for its looks. In development the browser follows the imports itself."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import Storage as FileStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

BUNDLES = ("css/portal.css", "css/staff.css", "css/admin.css")

_IMPORT = re.compile(r'^@import url\("(?P<path>[^"]+)"\)(?: layer\((?P<layer>[\w.-]+)\))?;$', re.MULTILINE)
_URL = re.compile(r"""url\((?P<quote>["']?)(?P<path>(?!["']|data:|https?:|/|#)[^"')]+)(?P=quote)\)""")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SPACE = re.compile(r"\s+")


class Storage(CompressedManifestStaticFilesStorage):
    """Hashed, compressed, bundled. Without a manifest (tests, a first look) plain names are served."""

    def stored_name(self, name: str) -> str:
        return super().stored_name(name) if self.hashed_files else name

    def post_process(
        self, paths: dict[str, tuple[FileStorage, str]], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        paths = dict(paths)
        if not dry_run:
            for name in BUNDLES:
                if name in paths:
                    bundled = bundle(name, paths)
                    self.delete(name)
                    self.save(name, ContentFile(bundled.encode()))
                    paths[name] = (self, name)
        yield from super().post_process(paths, dry_run=dry_run, **options)


def bundle(name: str, paths: dict[str, tuple[FileStorage, str]]) -> str:
    """The text of stylesheet `name` with its imports written in, comments and needless space left out."""
    css = _COMMENT.sub("", _read(name, paths))

    def write_in(found: re.Match[str]) -> str:
        imported = _resolve(name, found["path"])
        inner = _rebase(bundle(imported, paths), imported, name)
        return f"@layer {found['layer']}{{{inner}}}" if found["layer"] else inner

    return _SPACE.sub(" ", _IMPORT.sub(write_in, css)).strip()


def _read(name: str, paths: dict[str, tuple[FileStorage, str]]) -> str:
    storage, path = paths[name]
    with storage.open(path) as file:
        return file.read().decode()


def _resolve(base: str, relative: str) -> str:
    return normpath(str(PurePosixPath(base).parent / relative))


def _rebase(css: str, was: str, now: str) -> str:
    """Addresses in `css`, relative to file `was`, made relative to file `now`."""
    up = "../" * (len(PurePosixPath(now).parts) - 1)
    return _URL.sub(lambda found: f'url("{up}{_resolve(was, found["path"])}")', css)
