"""Every step that the state machine names is one that its function takes."""

import re
from pathlib import Path
from unittest.mock import create_autospec

import pytest

from imagebatch.compose.finalizer import FinalizerServices
from imagebatch.schemas.finalizer_step import decode_step
from imagebatch.settings import Settings
from imagebatch.usecases.finalize_batch import FinalizeBatch
from imagebatch.usecases.notify_owner import NotifyOwner

STATES = Path(__file__).parents[2] / "functions/finalizer/finalizer.asl.json"
STEPS = sorted(set(re.findall(r'"step(?:\.\$)?": *"(\w+)"', STATES.read_text())))


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_one_call_of_one_use_case(name: str) -> None:
    services = FinalizerServices(Settings.from_env({}))
    finalize = create_autospec(FinalizeBatch, instance=True)
    notify = create_autospec(NotifyOwner, instance=True)
    vars(services).update(finalize_batch=finalize, notify_owner=notify)
    event = {"step": name, "owner": "ann", "batchId": "b1", "round": 1, "attempt": 2}
    services.run_step(decode_step(event))
    assert len(finalize.method_calls) + len(notify.method_calls) == 1


def test_the_state_machine_has_every_step() -> None:
    assert STEPS == ["build", "delete", "expire", "giveUp", "notify", "publish", "stopNotifying"]
