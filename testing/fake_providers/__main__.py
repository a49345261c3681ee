"""`python -m testing.fake_providers` serves until it is stopped."""

import argparse
import json
import signal

from testing.fake_providers.server import FakeProviders


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
