"""Answers that a test gives in the server's place: for more rows than a test can wait for."""

import re
from typing import Any

from playwright.sync_api import Page, Route

IMAGE = "/favicon.svg"


def answer_for_many(
    page: Page, api: str, batch: str, total: int, *, made: bool = True, **shown: Any
) -> None:
    """Makes a batch of the stack one of `total` rows; `shown` is told of the batch."""

    def items(route: Route) -> None:
        first = cursor(route.request.url)
        listed = [item(index, made) for index in range(first, min(first + 100, total))]
        route.fulfill(json={"items": listed, "next_cursor": None})

    def grown(route: Route) -> None:
        kind = "batches" if "/api/batches/" in route.request.url else "batch"
        known = route.fetch(url=f"{api}/{kind}/{batch}").json()
        route.fulfill(json={**known, "total": total, "done": total, **shown})

    page.route(re.compile(rf"/api/v1/batch/{batch}/status"), items)
    page.route(
        re.compile(rf"/api/batches/{batch}/input"),
        lambda route: route.fulfill(json={"kind": "cars", "columns": [], "items": []}),
    )
    page.route(re.compile(rf"/api/(batches|batch)/{batch}$"), grown)


def item(index: int, made: bool) -> dict[str, object]:
    return {
        "index": index,
        "custom_id": f"row-{index + 2}",
        "row": index + 2,
        "status": "succeeded" if made else "pending",
        "file": f"Ford-Model_{index}-2024-white.png" if made else None,
        "url": IMAGE if made else None,
        "thumbnail_url": IMAGE if made else None,
        "code": None,
        "reason": None,
    }


def cursor(url: str) -> int:
    found = re.search(r"cursor=(\d+)", url)
    return int(found[1]) if found else 0
