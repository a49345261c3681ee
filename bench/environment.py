"""The environment of the rows: the deployed template, a local provider, an issuer of owners.

Stacks are started when a row first needs one and end with the run. `counted` is a stack whose AWS
calls pass a counter (counter.py), for counts; `stack` is for times.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import httpx

from bench.artifact import runtime
from bench.counter import Counter
from local import paths
from local import stack as local_stack
from local.config import Config, free_port
from local.deploy import session
from testing.issuer import Issuer

PROVIDER_KEY = "r8_bench"
HEADER = "make,model,year,background,aspect_ratio,custom_id\n"
FINISHED = {"completed", "failed", "cancelled", "expired"}


@dataclass
class Site:
    """A deployed stack, its resources, and the clients of its owners."""

    stack: dict[str, Any]
    issuer: Issuer
    provider: str

    def aws(self, service: str) -> Any:
        root: Any = session()
        return root.client(service, endpoint_url=self.stack["endpointUrl"])

    def owner(self, name: str) -> httpx.Client:
        return httpx.Client(
            base_url=self.stack["apiUrl"],
            headers={"Authorization": f"Bearer {self.issuer.token(name, exp=_in(6))}"},
            timeout=120,
        )

    def provider_takes(self, seconds: float, spread: float = 0) -> None:
        """Each image takes so long, or with a spread a lognormal time around that median."""
        body = json.dumps({"latency": seconds, "spread": spread, "token": None}).encode()
        with urllib.request.urlopen(f"{self.provider}/settings", body, timeout=10):  # noqa: S310
            pass

    def provider_times(self, word: str) -> list[float]:
        """Return how long each image took whose prompt has the word, in the order of creates."""
        with urllib.request.urlopen(f"{self.provider}/ledger", timeout=30) as answer:  # noqa: S310
            creates = json.load(answer)["creates"]
        return [each["seconds"] for each in creates if word in each["prompt"]]

    def function(self, logical: str) -> str:
        return str(self.stack["functions"][logical])

    @contextmanager
    def standing_still(self, *, but: str = "") -> Iterator[None]:
        """Meanwhile no queue feeds its function, except that of the function `but`."""
        client = self.aws("lambda")
        mappings = [
            m["UUID"]
            for m in client.list_event_source_mappings()["EventSourceMappings"]
            if not but or self.function(but) not in m["FunctionArn"]
        ]
        try:
            for each in mappings:
                client.update_event_source_mapping(UUID=each, Enabled=False)
            yield
        finally:
            for each in mappings:
                client.update_event_source_mapping(UUID=each, Enabled=True)

    def forget_work(self) -> None:
        """Empty the queues of a row's remains."""
        sqs = self.aws("sqs")
        for url in sqs.list_queues().get("QueueUrls", []):
            sqs.purge_queue(QueueUrl=url)


class BenchEnvironment:
    def __init__(self, *, tiny: bool = False, full: bool = False) -> None:
        self.tiny = tiny
        self.full = full
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    @cached_property
    def stack(self) -> Site:
        return self._deploy()

    @cached_property
    def open_stack(self) -> Site:
        """Its page needs no one to sign in."""
        return self._deploy(AuthMode="none", OidcIssuer="", OidcAudience="")

    @cached_property
    def counter(self) -> Counter:
        return self._ends.enter_context(Counter())

    @cached_property
    def counted(self) -> Site:
        """Its archives expire after seconds, so that their deletion is counted, too."""
        site = self._deploy(AwsEndpointUrl=self.counter.url, ArchiveTtlSeconds=30)
        self.counter.upstream = site.stack["endpointUrl"]
        return site

    @cached_property
    def issuer(self) -> Issuer:
        return self._ends.enter_context(Issuer())

    @cached_property
    def provider(self) -> str:
        """The URL of a stand-in for Replicate, in a separate process."""
        return self.process("testing.fake_providers", "--latency", "2")

    @cached_property
    def runtime(self) -> Path:
        """The packages of Lambda's Python runtime, compiled."""
        return runtime(self.folder())

    def process(self, module: str, *arguments: str) -> str:
        """Start a helper that prints its URL, and stop it with the run."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        helper = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=subprocess.PIPE,
            text=True,
            cwd=paths.ROOT,
            env=environment,
        )
        self._ends.callback(helper.wait)
        self._ends.callback(helper.terminate)
        assert helper.stdout is not None
        return helper.stdout.readline().strip()

    def folder(self) -> Path:
        return Path(self._ends.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))

    def _deploy(self, **values: object) -> Site:
        chosen = {
            "AuthMode": "oidc",
            "OidcIssuer": self.issuer.url,
            "OidcAudience": self.issuer.audience,
            "ReplicateBaseUrl": self.provider,
            "MaxRows": 10_000,
            "MaxActiveBatches": 1000,
            **values,
        }
        config = Config(
            port=free_port(),
            values={name: str(value) for name, value in chosen.items() if value != ""},
            keys={"ReplicateSecretArn": PROVIDER_KEY},
        )
        home = self.folder() / "emulator"
        self._ends.callback(local_stack.down, config.port, home)
        return Site(local_stack.up(config, home), self.issuer, self.provider)


def sheet(rows: int, word: str = "Bench") -> bytes:
    return (HEADER + "".join(f"{word},Car {n},2024,white,1:1,\n" for n in range(rows))).encode()


def submit(client: httpx.Client, body: bytes) -> str:
    answer = client.post("/api/car-batch", files={"file": ("cars.csv", body, "text/csv")})
    assert answer.status_code == 202, f"{answer.status_code} {answer.text}"
    return str(answer.json()["jobId"])


def status(client: httpx.Client, batch: str) -> dict[str, Any]:
    answer = client.get(f"/api/batch/{batch}")
    assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
    return dict(answer.json())


def finished(
    client: httpx.Client, batch: str, *, after: float = 0, every: float = 0.2, within: float = 600
) -> dict[str, Any]:
    """Leave the stack alone for `after` seconds, then poll until the batch has ended."""
    time.sleep(after)
    found: dict[str, Any] = {}

    def ended() -> bool:
        found.update(status(client, batch))
        return found["status"] in FINISHED

    until(ended, every=every, within=within)
    return found


def until(condition: Callable[[], bool], *, every: float = 0.1, within: float = 600) -> None:
    end = time.monotonic() + within
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"it did not happen within {within:g} s")
        time.sleep(every)


def _in(hours: float) -> int:
    return int(time.time() + hours * 3600)
