"""A deployed stack between two fault proxies: one before AWS, one before the provider."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Semaphore
from typing import Any
from uuid import uuid4

import httpx

from imagebatch.domain.batch import Batch
from testing.fake_providers import FakeProviders
from testing.fault_proxy import FaultProxy
from tests.conftest import Aws, Stack
from tests.faults.checker import Recorded, check, read_batch

CREATE, LOOK = "^POST /v1/models/", "^GET /v1/predictions/"
SETTLED = r'"status": \{"S": "succeeded"\}'
"""In the transaction that settles a row."""
COMPLETED = r'"status": \{"S": "completed"\}'
"""In the one that ends a round."""

PATIENCE = 600
"""How many seconds anything that is awaited may take: all cases run at once, on two cores."""

type Case = Callable[["FaultHarness", str], None]


@dataclass
class FaultHarness:
    """`aws` and `provider` are the proxies; a batch is known to them by the word in its rows."""

    stack: Stack
    clients: Aws
    aws: FaultProxy
    provider: FaultProxy
    fake: FakeProviders
    slots: Semaphore = field(default_factory=lambda: Semaphore(4))

    def submit(self, word: str, rows: int = 2, **options: object) -> str:
        """A batch of so many rows whose prompts hold "`word` R0", "`word` R1" and so on.

        As a client does that asks under one key until it is answered.
        """
        key = uuid4().hex
        for _ in every(2):
            with suppress(httpx.TransportError):
                answer = self._post_sheet(word, rows, options, key)
                if answer.status_code == 202:
                    return str(answer.json()["jobId"])
                assert answer.status_code in {409, 503}, answer.text
        raise AssertionError(f"the sheet was never taken: {answer.text}")

    def _post_sheet(
        self, word: str, rows: int, options: Mapping[str, object], key: str
    ) -> httpx.Response:
        for proxy in (self.aws, self.provider):
            proxy.watch(word)
        lines = ["make,model", *(f"{word},R{n}" for n in range(rows))]
        return self.ask(
            "POST",
            "car-batch",
            params={"name": word} | {name: str(value) for name, value in options.items()},
            content="\n".join(lines).encode(),
            headers={"Content-Type": "text/csv", "Idempotency-Key": key},
        )

    def row(self, word: str, row: int) -> str:
        """What finds this row's prompt."""
        return rf"\b{word} R{row}\b"

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A few at a time: each is a function that starts, and they all start on this machine."""
        with self.slots:
            return httpx.request(method, f"{self.stack['apiUrl']}/api/{path}", timeout=60, **more)

    def status(self, batch_id: str) -> Batch:
        return read_batch(batch_id, self.stack, self.clients("dynamodb", self.stack))

    def post(self, batch_id: str, verb: str) -> int:
        kind = "batches" if verb == "retry" else "v1/batch"
        return self.ask("POST", f"{kind}/{batch_id}/{verb}").status_code

    def until(self, batch_id: str, wanted: Callable[[Batch], bool]) -> Batch:
        for _ in every(0.5):
            found = self.status(batch_id)
            if wanted(found):
                return found
        raise AssertionError(f"it did not happen within {PATIENCE} s: {found}")

    def finish(self, batch_id: str, *, round_: int = 1) -> Recorded:
        """Waits for the end of the round and checks all that holds at every end."""
        self.until(batch_id, lambda b: b.finished and b.round == round_)
        return check(batch_id, self.stack, self.clients, self.fake)

    def sweep(self, *, seconds: float = 2) -> int:
        """Invokes the sweeper once nothing has moved for so long; how many it repaired.

        One that another case's fault kills comes again, as by its schedule.
        """
        time.sleep(seconds)
        client, name = self.clients("lambda", self.stack), "SweeperFunction"
        for _ in every(1):
            answer = client.invoke(FunctionName=self.stack["functions"][name], Payload=b"{}")
            if "FunctionError" not in answer:
                return int(json.loads(answer["Payload"].read())["repaired"])
        raise AssertionError(f"the sweeper fails each time: {answer['Payload'].read()!r}")

    def send(self, batch_id: str, *indices: int, round_: int = 1) -> None:
        """Puts these rows' messages into the queue once more."""
        for index in indices:
            body = {"owner": "local", "batchId": batch_id, "round": round_}
            self.send_body(json.dumps({**body, "position": index, "index": index}))

    def send_body(self, body: str, queue: str = "itemQueueUrl") -> None:
        sqs = self.clients("sqs", self.stack)
        sqs.send_message(QueueUrl=self.stack[queue], MessageBody=body)

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - the stack's clock is this machine's

    def creates(self, word: str, rows: int = 2) -> list[int]:
        """How often the provider was asked for each row."""
        return [len(self.fake.creates(self.row(word, n))) for n in range(rows)]


def every(pause: float) -> Iterator[None]:
    """In longer and longer turns: whoever waits takes time from those that are waited for."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < PATIENCE:
        yield
        time.sleep(pause + min(3, waited / 10))
