"""The documentation's curl commands: every route has one, and each is run as it is printed.

Between two examples the batches whose ids were kept come to their end.
"""

import re
from collections.abc import Collection, Mapping
from copy import replace
from pathlib import Path
from typing import Any

import pytest

from imagebatch.api.openapi import document
from imagebatch.domain.delivery import Delivery
from imagebatch.domain.statuses import BatchStatus
from testing.curl import CurlRequest, Shell, blocks_of, commands_of
from testing.fakes import InMemoryWebhooks
from testing.rounds import Rounds
from testing.services import Deployment
from testing.workbooks import workbook
from tests.functions.conftest import Api
from tests.intake.test_uploads import PNG

DOCS = Path(__file__).parents[2] / "docs"
LAST = "deleting.md"
PAGES = ["api.md", *sorted({p.name for p in DOCS.glob("*.md")} - {"api.md", LAST}), LAST]
ROOT = "https://api.test"
CARS = "make,model,year\nFord,F-150,2023\nSkoda,Octavia,2024\n"
REFUSED = ["Octavia"]
HOOK = "https://shop.example.com/hook"
CATALOG = (
    "variantId,variantTitle,productId,productTitle,imageUrl\n"
    "1001,Linen shirt / White,10,Linen shirt,https://shop.example.com/white.jpg\n"
    "1002,Linen shirt / Sand,10,Linen shirt,\n"
)
FILES = {
    "cars.csv": CARS.encode(),
    "cars.xlsx": workbook([line.split(",") for line in CARS.splitlines()]),
    "chairs.csv": b"Colour,Size,custom_id\nred,M,A1\nblue,,A2\n",
    "prompts.csv": b"prompt,custom_id\nA lamp,L1\nA table,T1\n",
    "catalog.csv": CATALOG.encode(),
    "chair.png": PNG,
}


class Stack:
    """Answers requests, keeps their routes, and runs what they submit."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.rounds = Rounds(api.services)
        sender = replace(api.services.send_webhook, webhooks=InMemoryWebhooks())
        vars(api.services)["send_webhook"] = sender
        self.called: set[tuple[str, str]] = set()

    def send(self, request: CurlRequest) -> str:
        assert request.url.startswith(f"{ROOT}/"), request.url
        path = request.url.removeprefix(ROOT)
        content: dict[str, Any] = {"headers": dict(request.headers)}
        if request.files or request.fields:
            content |= {"data": dict(request.fields), "files": dict(request.files)}
        elif request.content is not None:
            content["content"] = request.content
        answer = self.api.request(request.method, path, **content)
        assert answer.status < 400, f"{request.method} {path}: {answer.status} {answer.body}"
        self.called.add((request.method, path.partition("?")[0]))
        return answer.body

    def work(self, kept: Collection[str]) -> None:
        """Each of these batches to its end; in its first round one row is refused."""
        for batch in list(self.api.services.store.unfinished_batches("local")):
            if batch.id not in kept:
                continue
            told = Delivery(
                id=f"{batch.id}-{batch.round}-1", url=HOOK, body={}, created_at=batch.created_at
            )
            self.api.services.deliveries.save(batch, told)
            if batch.status in {BatchStatus.QUEUED, BatchStatus.PROCESSING}:
                self.rounds.run(batch.id, refuses=REFUSED if batch.round == 1 else ())
            else:
                self.rounds.finalize(batch.id)
        for batch in self.api.services.store.list_batches("local", limit=100).items:
            if batch.rebuilding:
                self.rounds.finalize(batch.id)


def deletable(made: Mapping[str, str]) -> dict[str, str]:
    """What the page on deleting calls the things that the first page made."""
    shots = made["SHOTS"]
    return {"UPLOAD": made["SHEET"], "FOLDER": f"{shots}.1001", "IMAGE": f"{shots}.0001"}


def pattern_of(path: str) -> str:
    return re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))


def routes() -> set[tuple[str, str]]:
    methods = {"get", "put", "post", "delete", "patch"}
    paths = document()["paths"].items()
    return {(name.upper(), path) for path, item in paths for name in item if name in methods}


@pytest.fixture
def shell(services: Deployment, tmp_path: Path) -> tuple[Shell, Stack]:
    for name, body in FILES.items():
        (tmp_path / name).write_bytes(body)
    stack = Stack(Api(services))
    return Shell(stack.send, tmp_path, API=ROOT, TOKEN="t"), stack


@pytest.mark.slow
def test_every_example_runs_and_every_route_has_one(shell: tuple[Shell, Stack]) -> None:
    run, stack = shell
    for page in PAGES:
        for block in blocks_of((DOCS / page).read_text()):
            for command in commands_of(block):
                run.run(command)
            stack.work(run.variables.values())
        run.variables |= deletable(run.variables)
    without = {
        (method, path)
        for method, path in routes()
        if not any(
            method == called and re.fullmatch(pattern_of(path), found)
            for called, found in stack.called
        )
    }
    assert without == set()


@pytest.mark.parametrize(
    "command",
    [
        "wget $API/health",
        "curl --insecure $API/health",
        "curl $API/health $API/docs",
        "X=$(curl $API/health | jq -r '.items[]')",
        "curl $MISSING",
    ],
)
def test_what_the_shell_does_not_know_is_no_example(
    shell: tuple[Shell, Stack], command: str
) -> None:
    with pytest.raises((ValueError, KeyError)):
        shell[0].run(command)
