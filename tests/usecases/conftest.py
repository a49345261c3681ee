import pytest

from testing.app_harness import AppHarness


@pytest.fixture
def app() -> AppHarness:
    return AppHarness()
