"""S6: hostile uploads. None is accepted unsafely, no byte about where and when survives, memory and time stay small.

Each file of `hostile_files` is given to what takes photos, in a process of its own that has the shop loaded as a web
worker has. It is refused with a sentence, or redrawn: then it is a plain JPEG of ours, without any segment a picture
does not need, without what was hidden in it, and no larger than we allow. Size: how many files; seconds are judged with
all of them only.
"""

import importlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from oms.refusals import Refused
from tests.proofs import Progress, hostile_files

SMALL, FULL = 18, len(hostile_files.MADE)
MOST_SECONDS, MOST_MEGABYTES = 2.0, 256
# What a baseline or progressive JPEG is made of; APP0 is the JFIF head, everything else could carry something.
PLAIN_MARKERS = {0xD8, 0xE0, 0xDB, 0xC0, 0xC2, 0xC4, 0xDA, 0xD9}


def run(size: int, progress: Progress) -> dict[str, Any]:
    """Every (or, when small, every n-th) file of the corpus, and what became of it."""
    step = max(1, FULL // size)
    chosen = list(range(0, FULL, step))
    with tempfile.TemporaryDirectory() as folder:
        for number in chosen:
            Path(folder, f"{number}").write_bytes(hostile_files.MADE[number][2]())
        command = [sys.executable, "-m", "tests.proofs.s6", folder, *map(str, chosen)]
        answers = []
        env = os.environ | {"DJANGO_SETTINGS_MODULE": "oms.settings"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as child:
            assert child.stdout is not None
            for line in child.stdout:
                answers.append(json.loads(line))
                progress(len(answers), len(chosen))
    wrong = [f"{one['name']}: {problem}" for one in answers for problem in one["problems"]]
    slowest = max(answers, key=lambda one: one["seconds"])
    heaviest = max(answers, key=lambda one: one["megabytes"])
    return {
        "id": "S6",
        "files": len(answers),
        "refused": sum(one["refused"] for one in answers),
        "redrawn": sum(not one["refused"] for one in answers),
        "accepted_unsafely": wrong,
        "peak_megabytes": heaviest["megabytes"],
        "heaviest": heaviest["name"],
        "idle_megabytes": answers[0]["idle"],
        "slowest_seconds": slowest["seconds"],
        "slowest": slowest["name"],
        "passed": len(answers) == len(chosen) and not wrong and heaviest["megabytes"] < MOST_MEGABYTES
        and (size < FULL or slowest["seconds"] <= MOST_SECONDS),
    }  # fmt: skip


def judge(number: int, content: bytes) -> dict[str, Any]:
    """Give one file to what takes photos."""
    from returns import photos  # models need the shop to be set up, which the child does first

    name, sent_as, _make, is_photo = hostile_files.MADE[number]
    began, problems, refused = time.perf_counter(), [], ""
    try:
        picture = photos.clean(SimpleUploadedFile(sent_as, content, content_type="image/jpeg"))
    except Refused as why:
        refused = why.code
    seconds = time.perf_counter() - began
    if not refused:
        problems = _problems(picture.content, is_photo=is_photo, longest=photos.LONGEST_SIDE)
    elif is_photo and name.startswith(("name ", "jpeg with a place", "jpeg named")):
        problems = [f"a plain photo was refused: {refused}"]
    return {"name": name, "refused": bool(refused), "why": refused, "seconds": round(seconds, 3), "problems": problems}


def _problems(content: bytes, *, is_photo: bool, longest: int) -> list[str]:
    found = [] if is_photo else ["came through although it is no photo"]
    if hostile_files.MARK in content:
        found.append("what was hidden in it survived")
    if b"Exif" in content or b"http://ns.adobe.com" in content:
        found.append("metadata survived")
    markers, end = _markers(content)
    if extra := markers - PLAIN_MARKERS:
        found.append(f"segments {sorted(map(hex, extra))}")
    if end != len(content):
        found.append(f"{len(content) - end} bytes behind its end")
    with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
        image.load()
        if max(image.size) > longest or image.getexif():
            found.append(f"{image.size}, {len(image.getexif())} tags")
    return found


def _markers(content: bytes) -> tuple[set[int], int]:
    """The markers of a JPEG, and where it ends, read here byte by byte."""
    found, at = {0xD8}, 2
    while at < len(content) - 1:
        assert content[at] == 0xFF
        marker = content[at + 1]
        found.add(marker)
        if marker == 0xD9:
            return found, at + 2
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if marker == 0xDA:  # data until the next marker that is none of its own
            while not (content[at] == 0xFF and content[at + 1] not in (0, *range(0xD0, 0xD8))):
                at += 1
    return found, at


def peak() -> int:
    """The most memory this process has held since it was last asked, in megabytes."""
    told = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    Path("/proc/self/clear_refs").write_text("5")
    return int(told.split()[1]) // 1024


def child(folder: str, *numbers: str) -> None:
    django.setup()
    importlib.import_module(settings.ROOT_URLCONF)  # what a web worker has loaded before the first upload
    for number in numbers:
        content = Path(folder, number).read_bytes()
        idle = peak()
        told = judge(int(number), content)
        print(json.dumps(told | {"megabytes": peak(), "idle": idle}), flush=True)


if __name__ == "__main__":
    child(*sys.argv[1:])
