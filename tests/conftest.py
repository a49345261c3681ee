"""Tiers and their order; no network but loopback, none at all for the core; the deployed stacks.

A stack is the template as `sam build` and a change set leave it, on an emulator of the session's
own, with IAM enforced.
"""

import gc
import json
import os
import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import httpx
import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TESTS = Path(__file__).parent
OFFLINE = {"domain", "formats", "intake", "reports", "usecases"}
# The template's; Powertools publishes by itself once a hundred values have come together. Here,
# because the conftest.py of a folder named on the command line is imported before any hook runs.
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "imagebatch")

NOBODY = "192.0.2.1"
"""An address of TEST-NET-1 (RFC 5737). Forbidding all sockets would also break what the servers of
other suites do meanwhile in threads of this process."""
DEPLOYED = ["faults", "security", "browser", "e2e"]
"""The suites on deployed stacks, the longest first: that is how they are given to the workers."""
COLLECT_AFTER = 20_000
"""New objects; with Python's 2,000 the tests spend 4 % of their time in the collector."""
LIVE = {"cars", "events", "prompts", "recursive_loop", "variants", "webhooks"}
"""The files of e2e on the stack with a provider. The others share another stack, or need none."""
LONGEST_FILE = "test_interleavings.py"
"""Of the other suites: given to a worker before their other files."""

# An example may take as long as a busy machine needs for it. Only a soak draws other examples each
# time, so that nobody's run fails for what somebody else has changed.
unhurried = hypothesis.settings(
    deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
register = hypothesis.settings.register_profile
register("unit", unhurried, max_examples=20, derandomize=True)
register("project", unhurried, max_examples=50, derandomize=True)
register("soak", unhurried, max_examples=2_000)
hypothesis.settings.load_profile("project")

type Stack = dict[str, Any]
"""What .local/stack.json holds: apiUrl, endpointUrl, bucket, table, functions ..."""


def suite(item: pytest.Item) -> str:
    return _suite_of(item.path)


@cache
def _suite_of(file: Path) -> str:
    return file.relative_to(TESTS).parts[0]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--stack", help="a running stack's JSON file, instead of one of the session's")


def pytest_configure() -> None:
    # A run in the background ignores interrupts, and so would every command the tests start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if suite(item) in OFFLINE:
            item.add_marker(pytest.mark.allow_hosts(NOBODY))
        if "node" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.node)
        if suite(item) in DEPLOYED:
            item.add_marker(pytest.mark.e2e)
    if config.option.markexpr != "soak":
        deselect(config, items, "soak")
    # Beside each other the long suites begin; one after the other what fails quickly does.
    workers = hasattr(config, "workerinput")
    items.sort(key=lambda item: place(item) if workers else -place(item))


def pytest_collection_finish() -> None:
    """The collector need not look again at what was collected, nor as often at what is new."""
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


def deselect(config: pytest.Config, items: list[pytest.Item], marker: str) -> None:
    found = [item for item in items if item.get_closest_marker(marker)]
    if found:
        config.hook.pytest_deselected(items=found)
        items[:] = [item for item in items if item not in found]


def place(item: pytest.Item) -> int:
    """Of the item's suite among the deployed ones; the other suites have two places behind them."""
    if suite(item) in DEPLOYED:
        return DEPLOYED.index(suite(item))
    return len(DEPLOYED) + (item.path.name != LONGEST_FILE)


class SuiteScheduling(LoadScopeScheduling):
    """Gives a deployed suite to one worker, since its tests share a stack, and e2e, which has two,
    to two; the rest by file.

    The `loadgroup` of pytest-xdist 3.8 groups nothing under pytest 9.2, where the ids of items
    cannot be changed.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        _, name, *_ = path.split("/")
        if name == "e2e":
            return f"{name} {Path(path).stem.removeprefix('test_') in LIVE}"
        return name if name in DEPLOYED else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SuiteScheduling:
    return SuiteScheduling(config, log)


class Stacks(Protocol):
    def __call__(
        self, *, keys: dict[str, str] | None = None, wait_scale: str = "1", **values: object
    ) -> Stack:
        """A stack with these template parameters, say MaxRows=3; the same one for the same again.

        `keys` are providers' keys by the parameter of their secret (ReplicateSecretArn="r8_...").
        Placeholders are drawn at once unless DevLatency says otherwise.
        """
        ...


@pytest.fixture(scope="session")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stacks]:
    from local import stack as local_stack
    from local.build import build
    from local.config import Config, free_port

    made: dict[str, tuple[Config, Path, Stack]] = {}
    # The suites start dozens of functions at once: here that takes minutes, on Lambda it does not.
    os.environ |= {"GATEWAY_SECONDS": "300", "FORKED_STARTS": "1"}

    def make(
        *, keys: dict[str, str] | None = None, wait_scale: str = "1", **values: object
    ) -> Stack:
        wanted = {"DevLatency": "0", **{name: str(value) for name, value in values.items()}}
        name = json.dumps([wanted, keys, wait_scale], sort_keys=True)
        if name not in made:
            build()
            config = Config(port=free_port(), values=wanted, keys=keys or {}, wait_scale=wait_scale)
            home = tmp_path_factory.mktemp("stack") / "emulator"
            made[name] = config, home, local_stack.up(config, home)
        return made[name][2]

    # A terminated run ends its emulators as an interrupted one does.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield make
    signal.signal(signal.SIGTERM, before)
    for config, home, _ in made.values():
        local_stack.down(config.port, home)


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Stack:
    """The session's stack, with the template's own numbers."""
    if given := request.config.getoption("--stack"):
        return dict(json.loads(Path(given).read_text()))
    made: Stack = request.getfixturevalue("stacks")()
    return made


class Aws(Protocol):
    def __call__(self, service: str, stack: Stack | None = None) -> Any:
        """A client of the session's stack, or of another, as the account's root user."""
        ...


@pytest.fixture(scope="session")
def aws(request: pytest.FixtureRequest) -> Aws:
    import boto3
    from botocore.config import Config

    # The cases of a suite share one client; a function may take long.
    many = Config(max_pool_connections=100, read_timeout=300)

    @cache
    def made(service: str, url: str, region: str, key: str, secret: str, token: str | None) -> Any:
        session = boto3.Session(key, secret, token, region)
        return session.client(service, endpoint_url=url, config=many)

    def client(service: str, stack: Stack | None = None) -> Any:
        at = stack or request.getfixturevalue("stack")
        credentials = at["accessKeyId"], at["secretAccessKey"], at.get("sessionToken")
        return made(service, at["endpointUrl"], at["region"], *credentials)

    return client


def stop_scheduled_sweeps(aws: Aws, stack: Stack) -> None:
    """Disable the sweeper's schedule: a scheduled sweep uses up faults meant for another call."""
    name = stack["functions"]["SweeperFunction"]
    function = aws("lambda", stack).get_function_configuration(FunctionName=name)
    events = aws("events", stack)
    [rule] = events.list_rule_names_by_target(TargetArn=function["FunctionArn"])["RuleNames"]
    events.disable_rule(Name=rule)


@pytest.fixture(scope="session")
def api(stack: Stack) -> Iterator[httpx.Client]:
    """An HTTP client of the session's stack: `api.get("/health")`."""
    with httpx.Client(base_url=stack["apiUrl"], timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """One for all suites: Playwright cannot be started twice in a process."""
    from tests.browser.conftest import running_browser

    with running_browser() as browser:
        yield browser
