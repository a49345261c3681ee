import pytest

from tests.usecases.app_harness import AppHarness


@pytest.fixture
def app() -> AppHarness:
    return AppHarness()
