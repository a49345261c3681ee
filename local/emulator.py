"""Runs the AWS emulator as a background process, started and stopped by its recorded process ID."""

import json
import os
import shutil
import socket
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from local import paths

STRICT = paths.ROOT / "testing" / "emulator" / "__main__.py"
"""The emulator with AWS's own limits, where it lacks them."""


class EmulatorError(Exception):
    """The emulator did not start, or another program uses its port."""


@dataclass(frozen=True, slots=True)
class Emulator:
    port: int
    home: Path
    wait_scale: str = "1"
    account_concurrency: int | None = None
    """The account's Lambda quota; the emulator's default without it."""

    @property
    def record(self) -> Path:
        return self.home / "emulator.json"

    @property
    def log(self) -> Path:
        return self.home / "emulator.log"

    def process(self) -> psutil.Process | None:
        """Return the process started here, unless its process ID has been reused."""
        try:
            known = json.loads(self.record.read_text())
            process = psutil.Process(known["pid"])
            same = abs(process.create_time() - known["started"]) < 1
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except (FileNotFoundError, json.JSONDecodeError, psutil.NoSuchProcess):
            return None

    def environment(self) -> dict[str, str]:
        """Exclude the caller's environment, because the functions inherit all of it."""
        quota = self.account_concurrency
        return {
            **({"LAMBDA_ACCOUNT_CONCURRENCY": str(quota)} if quota else {}),
            "PATH": f"{paths.ROOT / '.venv-emulator' / 'bin'}:/usr/bin:/bin",
            "HOME": str(self.home),
            "TMPDIR": str(self.home / "tmp"),
            "STATE_DIR": str(self.home / "state"),
            "LANG": "C.UTF-8",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "GATEWAY_SECONDS": os.environ.get("GATEWAY_SECONDS", "30"),
            "FORKED_STARTS": os.environ.get("FORKED_STARTS", ""),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "AUTH": "true",
            "LOG_LEVEL": "INFO",
            "SFN_WAIT_SCALE": self.wait_scale,
        }

    def start(self) -> None:
        """Stop a running one first."""
        self.stop()
        if self._taken():
            raise EmulatorError(
                f"port {self.port} is taken by another program; choose one: PORT=4567 make up"
            )
        (self.home / "tmp").mkdir(parents=True)
        pid = self._spawn()
        started = psutil.Process(pid).create_time()
        self.record.write_text(json.dumps({"pid": pid, "started": started}))
        self._wait_until_ready()

    def _spawn(self) -> int:
        """Start it in its own session, which outlives ours."""
        program = paths.script(".venv-emulator", "python")
        streams = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(self.log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        return os.posix_spawn(
            program,
            [program, str(STRICT)],
            self.environment(),
            file_actions=streams,
            setsid=True,
        )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 60
        while not self.answers():
            if self.process() is None or time.monotonic() > deadline:
                log = self.log.read_text(errors="replace")[-2000:]
                self.stop()
                raise EmulatorError(f"the emulator did not start:\n{log}")
            time.sleep(0.1)

    def _taken(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def answers(self) -> bool:
        address = f"http://127.0.0.1:{self.port}/_ministack/health"
        try:
            with urllib.request.urlopen(address, timeout=5):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def stop(self) -> None:
        """Stop the emulator and the functions it runs, and remove everything they left.

        Nothing of it is kept, so nobody waits for it to shut down in order. A killed process may
        count as ended while a thread of it still holds the port.
        """
        if (process := self.process()) is not None:
            family = [process, *process.children(recursive=True)]
            for each in family:
                with suppress(psutil.NoSuchProcess):
                    each.kill()
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline:
                if all(map(has_ended, family)) and not self._taken():
                    break
                time.sleep(0.02)
        shutil.rmtree(self.home, ignore_errors=True)


def has_ended(process: psutil.Process) -> bool:
    """Also if init has not collected it yet, which may take seconds; our own child is collected."""
    try:
        process.wait(0)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        with suppress(psutil.NoSuchProcess):
            return bool(process.status() == psutil.STATUS_ZOMBIE)
    return True
