"""A local server that speaks the APIs of Replicate, RunPod and fal, misbehaves on demand, keeps a
ledger.

In a test:

    with FakeProviders(latency=0.0) as fake:
        provider = ReplicateProvider(lambda: "token", fake.url)     # or RunpodProvider, FalProvider
        rule = fake.script("429_body", prompt="sunset", times=1, seconds=7)
        ...
        assert fake.fired(rule) == 1
        assert len(fake.creates("sunset")) == 2      # every create, answered well or not
        assert len(fake.billed("sunset")) == 1       # predictions that came to be
        assert fake.high_water <= 3                  # most predictions running at one time

`script(fault, prompt=regex, model=regex, on=stage, after=n, every=n, times=n, begins=, ends=,
seconds=, text=, status=, body=, headers=, output=)` adds a rule; the first that matches wins, and
`fake.clear()` removes them all. The faults are listed in fake_faults.py. `fake.token` (None: any)
is the only key that is accepted; `fake.hosts_of_files` (None: this server) puts other addresses
into outputs. A test whose clock is its own gives it as `clock`, in seconds since 1970: then no
latency and no outage is waited for.

From another process:

    python -m testing.fake_providers --port 0 --latency 0.2         prints its base URL
    curl $URL/ledger                                                      everything so far, as JSON
    curl -d '[{"fault": "500", "prompt": "sunset", "times": 1}]' $URL/script
    curl -X DELETE $URL/script                                            no more faults
    curl -d '{"latency": 2, "spread": 0.5, "token": null}' $URL/settings
    curl -X POST $URL/reset                                               no faults, empty ledger
"""

import argparse
import json
import random
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any, Self
from uuid import uuid4

from testing.fake_faults import OUTCOMES, RECORDED, Rule
from testing.fake_routes import Handler

BOOTED = time.time() - time.monotonic()


def steady_time() -> float:
    """Seconds since 1970, unaffected by corrections of the machine's clock."""
    return BOOTED + time.monotonic()


@dataclass(kw_only=True)
class FakePrediction:
    """A created prediction; `ready` and `created` are seconds since 1970."""

    id: str
    provider: str
    model: str
    prompt: str
    input: dict[str, Any]
    created: float
    ready: float
    clock: Callable[[], float] = field(repr=False)
    outcome: Rule | None = None
    cancelled: bool = False

    @property
    def held(self) -> bool:
        return self.ready == float("inf") and self.outcome is None

    @property
    def running(self) -> bool:
        return not self.cancelled and self.clock() < self.ready


@dataclass(kw_only=True)
class FakeCreate:
    """One create request; `answer` is `created` or the fault it met, `at` is in epoch seconds."""

    at: float
    provider: str
    model: str
    prompt: str
    input: dict[str, Any]
    answer: str
    prediction: str | None
    seconds: float | None = None


@dataclass
class Ledger:
    creates: list[FakeCreate] = field(default_factory=list)
    predictions: dict[str, FakePrediction] = field(default_factory=dict)
    cancels: list[str] = field(default_factory=list)
    gets: int = 0
    files: int = 0
    bytes_sent: int = 0
    high_water: int = 0
    keys_on_files: int = 0
    connections: int = 0


class FakeProviders:
    """Serves on loopback from construction until `close`; safe to use from many threads."""

    def __init__(
        self, latency: float = 0.0, port: int = 0, clock: Callable[[], float] = steady_time
    ) -> None:
        self.latency = latency
        self.spread = 0.0
        """Of the latencies' logarithms; `latency` is their median."""
        self.random = random.Random(1)  # noqa: S311 - the same latencies in every run
        self.clock = clock
        self.started = clock()
        self.token: str | None = None
        self.hosts_of_files: str | None = None
        self.page_size = 100
        self.gone: Collection[str] = ()
        self.stopping = threading.Event()
        self.ledger = Ledger()
        self._rules: dict[str, Rule] = {}
        self._lock = threading.RLock()
        self._connections: set[socket.socket] = set()
        self._server = _Server(("127.0.0.1", port), self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self.drop_connections()
        self._server.server_close()
        self._thread.join()

    # --- what tests ask and say ---------------------------------------------------------------

    def script(self, fault: str, **more: Any) -> str:
        """Add a rule (see Rule) and return its ID."""
        rule = Rule(fault=fault, **more)
        with self._lock:
            rule.id = f"r{len(self._rules) + 1}"
            self._rules[rule.id] = rule
        return rule.id

    def clear(self) -> None:
        """Remove all faults; their counts stay in `fired`."""
        for rule in self._rules.values():
            rule.times = 0

    def reset(self) -> None:
        with self._lock:
            self._rules.clear()
            self.ledger = Ledger()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """No prediction created inside ends before the block does."""
        before, self.latency = self.latency, float("inf")
        try:
            yield
        finally:
            with self._lock:
                self.latency = before
                for prediction in self.ledger.predictions.values():
                    if prediction.held:
                        prediction.ready = self.clock()

    def fired(self, rule_id: str) -> int:
        return self._rules[rule_id].fired

    def creates(self, prompt: str = "") -> list[FakeCreate]:
        with self._lock:
            return [c for c in self.ledger.creates if re.search(prompt, c.prompt)]

    def billed(self, prompt: str = "") -> list[FakePrediction]:
        with self._lock:
            return [p for p in self.ledger.predictions.values() if re.search(prompt, p.prompt)]

    def drop_connections(self) -> None:
        """Close every open connection, including idle ones."""
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    @property
    def high_water(self) -> int:
        return self.ledger.high_water

    @property
    def cancels(self) -> list[str]:
        return list(self.ledger.cancels)

    def as_json(self) -> dict[str, Any]:
        """Return the ledger as `GET /ledger` shows it."""
        with self._lock:
            ledger = self.ledger
            return {
                "creates": [asdict(create) for create in ledger.creates],
                "billed": list(ledger.predictions),
                "running": sum(p.running for p in ledger.predictions.values()),
                "high_water": ledger.high_water,
                "cancels": ledger.cancels,
                "gets": ledger.gets,
                "files": ledger.files,
                "bytes_sent": ledger.bytes_sent,
                "keys_on_files": ledger.keys_on_files,
                "connections": ledger.connections,
                "fired": {rule.id: rule.fired for rule in self._rules.values()},
            }

    # --- what the routes ask ------------------------------------------------------------------

    def rule(
        self, stage: str, prompt: str, model: str = "", *, outcome: bool = False
    ) -> Rule | None:
        """Return the first rule that fires for the request."""
        with self._lock:
            passed = self.clock() - self.started
            for rule in self._rules.values():
                fits = rule.on == stage and (rule.fault in OUTCOMES) == outcome
                if fits and rule.matches(prompt, model, passed) and rule.fires():
                    return rule
        return None

    def create(
        self, provider: str, model: str, values: dict[str, Any]
    ) -> tuple[FakePrediction | None, Rule | None]:
        """Record a create; None for the prediction if a fault prevented it."""
        prompt = str(values.get("prompt", ""))
        with self._lock:
            missing = Rule(fault="404") if model in self.gone else None
            fault = missing or self.rule("create", prompt, model)
            made = None
            if fault is None or fault.fault in RECORDED:
                made = self._predict(provider, model, prompt, values)
            self.ledger.creates.append(
                FakeCreate(
                    at=self.clock(),
                    provider=provider,
                    model=model,
                    prompt=prompt,
                    input=values,
                    answer=fault.fault if fault else "created",
                    prediction=made.id if made else None,
                    seconds=made.ready - made.created if made else None,
                )
            )
        return made, fault

    def _predict(
        self, provider: str, model: str, prompt: str, values: dict[str, Any]
    ) -> FakePrediction:
        outcome = self.rule("create", prompt, model, outcome=True)
        seconds = self.latency
        if self.spread:
            seconds *= self.random.lognormvariate(0, self.spread)
        if outcome and outcome.seconds is not None:
            seconds = outcome.seconds
        if outcome and outcome.fault == "never":
            seconds = float("inf")
        now = self.clock()
        prediction = FakePrediction(
            id=uuid4().hex[:26],
            provider=provider,
            model=model,
            prompt=prompt,
            input=values,
            created=now,
            ready=now + seconds,
            clock=self.clock,
            outcome=outcome,
        )
        self.ledger.predictions[prediction.id] = prediction
        running = sum(p.running for p in self.ledger.predictions.values())
        self.ledger.high_water = max(self.ledger.high_water, running)
        return prediction

    def find(self, prediction_id: str) -> FakePrediction | None:
        found = self.ledger.predictions.get(prediction_id)
        lost = found and found.outcome and found.outcome.fault == "lost"
        return None if lost else found

    def listed(self, provider: str) -> list[FakePrediction]:
        """Return the provider's predictions, oldest first."""
        with self._lock:
            return [p for p in self.ledger.predictions.values() if p.provider == provider]

    def cancel(self, prediction: FakePrediction) -> None:
        with self._lock:
            self.ledger.cancels.append(prediction.id)
            prediction.cancelled = prediction.cancelled or prediction.running

    def count(self, **more: int) -> None:
        with self._lock:
            for name, number in more.items():
                setattr(self.ledger, name, getattr(self.ledger, name) + number)

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)
            self.ledger.connections += 1

    def closed(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.discard(connection)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], fake: FakeProviders) -> None:
        self.fake = fake
        super().__init__(address, Handler)


def wait_for(seconds: float = 5.0, every: float = 0.005) -> Iterator[None]:
    """`for _ in wait_for(): if condition: break` polls a condition and fails if it never holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(every)
    raise AssertionError(f"it did not happen within {seconds:g} s")


def main() -> None:
    parser = argparse.ArgumentParser(description="Stand-ins for Replicate, RunPod and fal")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds a prediction takes")
    parser.add_argument("--script", default="[]", help="rules as JSON, as for POST /script")
    options = parser.parse_args()
    with FakeProviders(latency=options.latency, port=options.port) as fake:
        for rule in json.loads(options.script):
            fake.script(**rule)
        print(fake.url, flush=True)
        signal.signal(signal.SIGTERM, lambda *_: fake.stopping.set())
        signal.signal(signal.SIGINT, lambda *_: fake.stopping.set())
        while not fake.stopping.wait(1):
            pass


if __name__ == "__main__":
    main()
