"""A callback address is public, however a batch is created; in development one more is let in."""

from copy import replace
from typing import Any

import pytest

from testing.services import Deployment
from tests.functions.conftest import Api

RECEIVER = "http://127.0.0.1:9000"
WAYS = [
    ("/api/car-batch", "callbackUrl", {"data": {}, "files": {"file": ("a.csv", b"make\nBMW\n")}}),
    ("/api/v1/batch/generate", "callback_url", {"json": {"items": []}}),
    ("/api/batches", "callbackUrl", {"json": {"variants": []}}),
]


def invalid_fields(api: Api, path: str, name: str, content: dict[str, Any], url: str) -> set[str]:
    """The fields that are refused besides the one that always is: the batch is never created."""
    kind = "json" if "json" in content else "data"
    fields = {**content[kind], name: url, "maxCost": "lots", "max_cost": "lots"}
    answer = api.post(path, **{**content, kind: fields})
    assert answer.status == 422
    return {each["field"] for each in answer.json()["details"]}


@pytest.mark.parametrize(("path", "name", "content"), WAYS)
def test_an_address_on_this_machine_is_refused(
    api: Api, path: str, name: str, content: dict[str, Any]
) -> None:
    assert name in invalid_fields(api, path, name, content, f"{RECEIVER}/hook")


@pytest.mark.parametrize(("path", "name", "content"), WAYS)
def test_only_the_development_receiver_is_accepted(
    services: Deployment, path: str, name: str, content: dict[str, Any]
) -> None:
    services.settings = replace(services.settings, dev_callback_origin=RECEIVER)
    api = Api(services)
    assert name not in invalid_fields(api, path, name, content, f"{RECEIVER}/hook")
    assert name in invalid_fields(api, path, name, content, "http://127.0.0.1:9001/hook")
    assert name not in invalid_fields(api, path, name, content, "https://shop.example/hook")
