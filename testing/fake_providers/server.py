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
`fake.clear()` removes them all. The faults are listed in faults.py and image_faults.py.
`fake.token` (None: any) is the only key that is accepted; `fake.hosts_of_files` (None: this server)
puts other addresses into outputs. A test whose clock is its own gives it as `clock`, in seconds
since 1970: then no latency and no outage is waited for.

From another process:

    python -m testing.fake_providers --port 0 --latency 0.2         prints its base URL
    curl $URL/ledger                                                      everything so far, as JSON
    curl -d '[{"fault": "500", "prompt": "sunset", "times": 1}]' $URL/script
    curl -X DELETE $URL/script                                            no more faults
    curl -d '{"latency": 2, "spread": 0.5, "token": null}' $URL/settings
    curl -X POST $URL/reset                                               no faults, empty ledger
"""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import ThreadingHTTPServer
from typing import Self

from testing.fake_providers.ledger import steady_time
from testing.fake_providers.routes import Handler
from testing.fake_providers.state import ProviderState


class FakeProviders(ProviderState):
    """Serves on loopback from construction until `close`."""

    def __init__(
        self, latency: float = 0.0, port: int = 0, clock: Callable[[], float] = steady_time
    ) -> None:
        super().__init__(latency, clock)
        self._server = _Server(("127.0.0.1", port), self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
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

    @contextmanager
    def holding(self, prompt: str = "") -> Iterator[None]:
        """No prediction created inside, with such a prompt, ends before the block does."""
        self._held = re.compile(prompt)
        try:
            yield
        finally:
            with self._lock:
                self._held = None
                for prediction in self.ledger.predictions.values():
                    if prediction.held:
                        prediction.ready = self.clock()

    def drop_connections(self) -> None:
        """Close every open connection, including idle ones."""
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


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
