"""`python -m local up | down | demo | build | relay`: the Makefile's commands, and two for manual
use.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable

from local import paths, stack
from local.build import build, exclusive, template_parameters
from local.config import PORT, Config
from local.demo import demo
from local.emulator import EmulatorError
from local.relay import relay

LOST = (
    "The emulator on port {port} has ended without `make down`, and what it held is gone: "
    "batches, images, uploads. Starting an empty stack."
)


def up(_: argparse.Namespace) -> int:
    config = Config.from_env(os.environ, template_parameters())
    paths.LOCAL.mkdir(exist_ok=True)
    with exclusive(paths.LOCAL / "up.lock"):
        if stack.was_lost(config.port, paths.home(config.port)):
            print(LOST.format(port=config.port), file=sys.stderr, flush=True)
        description = stack.up(config, paths.home(config.port))
        stack.register(config.port, description)
    print(f"page  {description['webUrl']}")
    print(f"api   {description['apiUrl']}")
    print(f"try   IMAGEBATCH_URL='{description['apiUrl']}' .venv/bin/imagebatch list")
    print(f"more  {os.path.relpath(paths.STACK)}")
    return 0


def down(arguments: argparse.Namespace) -> int:
    running = [int(file.stem) for file in paths.LOCAL.glob("stacks/*.json")]
    ports = running if arguments.all else [int(os.environ.get("PORT") or PORT)]
    for port in ports:
        stack.down(port, paths.home(port))
        stack.unregister(port)
    return 0


def only_build(_: argparse.Namespace) -> int:
    print(os.path.relpath(build()))
    return 0


def only_relay(_: argparse.Namespace) -> int:
    port = int(os.environ.get("PORT") or PORT)
    with relay(port):
        print(f"containers reach the emulator on port {port} until this ends", flush=True)
        signal.pause()
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "up": up,
    "down": down,
    "demo": lambda _: demo(),
    "build": only_build,
    "relay": only_relay,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="local")
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--all", action="store_true", help="down: every stack of this checkout")
    arguments = parser.parse_args()
    # A terminated run cleans up like an interrupted one.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return COMMANDS[arguments.command](arguments)
    except (EmulatorError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
