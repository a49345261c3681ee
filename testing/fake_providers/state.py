"""The rules, predictions and counts behind the stand-ins' routes; safe to use from many threads."""

import random
import re
import socket
import threading
from collections.abc import Callable, Collection
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from testing.fake_providers.faults import OUTCOMES, RECORDED, Rule
from testing.fake_providers.ledger import FakeCreate, FakePrediction, Ledger


class ProviderState:
    def __init__(self, latency: float, clock: Callable[[], float]) -> None:
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
        self._held: re.Pattern[str] | None = None
        self._lock = threading.RLock()
        self._connections: set[socket.socket] = set()

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

    def fired(self, rule_id: str) -> int:
        return self._rules[rule_id].fired

    def creates(self, prompt: str = "") -> list[FakeCreate]:
        with self._lock:
            return [c for c in self.ledger.creates if re.search(prompt, c.prompt)]

    def billed(self, prompt: str = "") -> list[FakePrediction]:
        with self._lock:
            return [p for p in self.ledger.predictions.values() if re.search(prompt, p.prompt)]

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

    # --- used by the routes -------------------------------------------------------------------

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
        held = outcome is None and self._held and self._held.search(prompt)
        if held or (outcome and outcome.fault == "never"):
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
