"""A client of a deployed stack: submit, wait, download."""

import io
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx

FINISHED = {"completed", "failed", "cancelled", "expired"}
HEADER = "make,model,year,background,aspect_ratio,custom_id\n"


def sheet(*models: str) -> str:
    return HEADER + "".join(f"Volvo,{model},2024,white,1:1,\n" for model in models)


def submit(api: httpx.Client, text: str | bytes, **fields: str) -> httpx.Response:
    body = text.encode() if isinstance(text, str) else text
    return api.post("/api/car-batch", files={"file": ("cars.csv", body, "text/csv")}, data=fields)


def started(api: httpx.Client, text: str | bytes, **fields: str) -> str:
    answer = submit(api, text, **fields)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["jobId"])


def status(api: httpx.Client, batch: str) -> dict[str, Any]:
    answer = api.get(f"/api/batch/{batch}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    counts = ("pending", "processing", "done", "failed", "cancelled")
    assert sum(found[name] for name in counts) == found["total"]
    return found


def finished(api: httpx.Client, batch: str, seconds: float = 120) -> dict[str, Any]:
    """Return the batch once it has ended; polls like a client, and fails after `seconds`."""
    for _ in turns(seconds):
        found = status(api, batch)
        if found["status"] in FINISHED:
            return found
    raise AssertionError(f"batch {batch} has not ended after {seconds} s: {found}")


def turns(seconds: float) -> Iterator[None]:
    """To look again and again, ever less often: asking takes time from what is waited for."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < seconds:
        yield
        time.sleep(min(1, 0.1 + waited / 10))


def run(
    api: httpx.Client, text: str | bytes, seconds: float = 120, **fields: str
) -> dict[str, Any]:
    return finished(api, started(api, text, **fields), seconds)


def archive(found: dict[str, Any]) -> zipfile.ZipFile:
    """Download the batch's archive from its URL and verify it."""
    answer = httpx.get(found["zipUrl"], timeout=60)
    assert answer.status_code == 200, answer.text
    opened = zipfile.ZipFile(io.BytesIO(answer.content))
    assert opened.testzip() is None
    return opened


def images(opened: zipfile.ZipFile) -> list[str]:
    return [n for n in opened.namelist() if n.endswith((".png", ".jpg", ".webp"))]
