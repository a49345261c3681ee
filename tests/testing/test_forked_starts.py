"""Environments that are forked: as separate, as new and as mortal as those that are started."""

import io
import json
import os
import queue
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from testing.emulator.layers import PATHS
from testing.emulator.starts import Environment, Starter, StartError, log_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forked starts are Linux's")

APP = """
import os, random
initialized_by = os.getpid()
calls = 0
greeting = os.environ["GREETING"]
"""
LATE = """
import os
initialized_by = os.getpid()
calls = 0
"""
SCRIPT = """
import importlib, json, os, random, sys
real, sys.stdout = sys.stdout, sys.stderr
print("says so", flush=True)
app = importlib.import_module("app")
for line in sys.stdin:
    app.calls += 1
    had_late = "late" in sys.modules
    late = importlib.import_module("late")
    late.calls += 1
    told = {"pid": os.getpid(), "initialized_by": app.initialized_by, "calls": app.calls,
            "had_late": had_late, "late_calls": late.calls, "late_by": late.initialized_by,
            "root": os.environ["LAMBDA_TASK_ROOT"], "greeting": app.greeting,
            "random": random.random(), "cwd": os.getcwd(),
            "stream": os.environ["AWS_LAMBDA_LOG_STREAM_NAME"], "caller": "CALLER" in os.environ}
    real.write(json.dumps(told) + "\\n")
    real.flush()
"""
type Start = Callable[..., Environment]


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CALLER", "the emulator's own")
        starter = Starter(tmp_path_factory.mktemp("code"))
        yield starter
    starter.close()


@pytest.fixture
def start(starter: Starter, tmp_path: Path) -> Iterator[Start]:
    (tmp_path / "worker.py").write_text(SCRIPT)
    started: list[Environment] = []

    def make(
        code: str = APP, *, greeting: str = "hello", layers: str = "", by: Starter = starter
    ) -> Environment:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr(zipfile.ZipInfo("app.py"), code)
            file.writestr(zipfile.ZipInfo("late.py"), LATE)
        worker = SimpleNamespace(code_zip=archive.getvalue(), config={"Handler": "app.handler"})
        stream = str(len(started))
        own = {"AWS_LAMBDA_LOG_STREAM_NAME": stream, "LAMBDA_TASK_ROOT": f"/code/{stream}"}
        env = {**os.environ, "GREETING": greeting, PATHS: layers, **own}
        del env["CALLER"]
        started.append(by.start(worker, str(tmp_path / "worker.py"), str(tmp_path), env))
        return started[-1]

    yield make
    for environment in started:
        environment.kill()
        environment.close()


def ask(environment: Environment) -> dict[str, Any]:
    environment.stdin.write("\n")
    return dict(json.loads(environment.stdout.readline()))


@pytest.mark.slow
def test_environments_of_a_function_share_nothing_but_its_import(start: Start) -> None:
    first, second = start(), start()

    once, twice, other = ask(first), ask(first), ask(second)

    assert [told["calls"] for told in (once, twice, other)] == [1, 2, 1]
    assert once["initialized_by"] == other["initialized_by"]
    assert len({os.getpid(), once["pid"], other["pid"], other["initialized_by"]}) == 4
    assert (once["pid"], other["pid"]) == (first.pid, second.pid)
    assert (once["stream"], other["stream"]) == ("0", "1")
    assert (once["root"], other["root"]) == ("/code/0", "/code/1")
    assert once["random"] != other["random"]
    assert not once["caller"]


@pytest.mark.slow
def test_other_variables_are_another_import(start: Start) -> None:
    first, second = ask(start()), ask(start(greeting="good morning"))

    assert (first["greeting"], second["greeting"]) == ("hello", "good morning")
    assert first["initialized_by"] != second["initialized_by"]


@pytest.mark.slow
def test_later_environments_have_imported_what_earlier_ones_have(start: Start) -> None:
    code = f"{APP}\n# nobody else's"
    first = ask(start(code))
    later = ask(start(code))

    assert (first["had_late"], later["had_late"]) == (False, True)
    assert (first["late_calls"], later["late_calls"]) == (1, 1)
    assert (first["late_by"], later["late_by"]) == (first["pid"], later["initialized_by"])


@pytest.mark.slow
def test_another_emulator_imports_what_the_layer_lists(start: Start, tmp_path: Path) -> None:
    layer = tmp_path / "layer"
    layer.mkdir()
    assert not ask(start(layers=str(layer)))["had_late"]
    [listed] = layer.iterdir()
    with listed.open("a") as file:
        file.write("\nno_such_module\nlat")  # an environment is killed meanwhile

    other = Starter(tmp_path / "code")
    try:
        environment = start(layers=str(layer), by=other)
        assert ask(environment)["had_late"]
        assert "late" in listed.read_text().split()
    finally:
        environment.kill()
        other.close()


@pytest.mark.slow
def test_log_of_an_invocation_ends_with_a_mark(start: Start) -> None:
    environment = start()
    ask(environment)
    lines: queue.Queue[str] = queue.Queue()
    for _ in range(2):
        lines.put(environment.stderr.readline().rstrip("\n"))
    lines.put("of the next")

    assert log_of(lines) == "says so"
    assert log_of(lines) == "of the next"


def test_an_environment_that_is_killed_has_ended(start: Start) -> None:
    environment, other = start(), start()
    ask(environment)
    assert environment.poll() is None

    environment.terminate()

    assert environment.wait(10) < 0
    assert environment.poll() is not None
    assert environment.stdout.readline() == ""
    assert ask(other)["calls"] == 1


@pytest.mark.slow
def test_an_environment_ends_with_its_input(start: Start) -> None:
    environment = start()
    environment.stdin.close()
    environment.wait(10)


@pytest.mark.slow
def test_a_failing_import_is_left_to_the_usual_start(start: Start) -> None:
    with pytest.raises(StartError):
        start("raise RuntimeError('no such table')")
