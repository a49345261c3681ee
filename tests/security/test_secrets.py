"""Keys and tokens: where they are kept, where they are never seen, and how they are changed."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from testing.batches import finished
from testing.scenario import OwnedResources, cars
from tests.security.conftest import PROVIDER_KEY, Site

ROOT = Path(__file__).parents[2]
OPENS_A_DOOR = re.compile(r"X-Amz-Signature|X-Amz-Security-Token|access_token=|Bearer [A-Za-z0-9]")


def logged(site: Site) -> Iterator[str]:
    """Every line in every log group of the stack."""
    logs = site.client("logs")
    for groups in logs.get_paginator("describe_log_groups").paginate():
        for group in groups["logGroups"]:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group["logGroupName"]
            )
            yield from (event["message"] for page in pages for event in page["events"])


@pytest.fixture(scope="module")
def signed_for_a_webhook(site: Site, ann: httpx.Client) -> None:
    before = len(site.receiver.received)
    finished(ann, cars(ann, "Hooked", callbackUrl=f"{site.receiver.url}/hook"))
    received = site.receiver.wait_for(before + 1)[-1]
    assert received.verified(f"whsec_{site.secret()}")


def test_no_log_line_contains_secrets_or_signed_urls(
    site: Site, ann: httpx.Client, hers: OwnedResources, signed_for_a_webhook: None
) -> None:
    token = site.issuer.token("ann")
    events = f"/api/v1/batch/{hers.cars}/events"
    with site.with_token(None) as client:
        assert client.get(events, params={"access_token": token}).status_code == 200
        assert client.get(events, params={"access_token": token[:-8]}).status_code == 401
    assert ann.get("/api/v1/batch", params={"limit": "x"}).status_code == 400
    assert ann.get("/api/v1/batch", params={"cursor": token}).status_code == 400

    lines = list(logged(site))
    assert any(hers.cars in line for line in lines), "nothing is logged at all"
    secrets = [PROVIDER_KEY, site.secret(), *(t.rsplit(".", 1)[-1] for t in site.issuer.issued)]
    for line in lines:
        assert not [secret for secret in secrets if secret and secret in line]
        assert not OPENS_A_DOOR.search(line), line


def test_no_function_or_output_contains_a_secret(site: Site) -> None:
    client, secrets = site.client("lambda"), (PROVIDER_KEY, site.secret())
    told = [
        client.get_function_configuration(FunctionName=name)["Environment"]
        for name in site.stack["functions"].values()
    ]
    told += site.client("cloudformation").describe_stacks()["Stacks"]

    text = json.dumps(told, default=str)
    assert "REPLICATE_SECRET_ARN" in text
    assert not [secret for secret in secrets if secret in text]


def test_template_accepts_secret_arns_but_no_secrets() -> None:
    text = (ROOT / "template.yaml").read_text("utf-8")

    assert not re.findall(r"(?i)^  \w*(?:password|token|apikey)\w*:\s*$", text, re.MULTILINE)
    assert "resolve:secretsmanager" not in text


def test_a_providers_key_is_changed_without_a_deploy(site: Site, ann: httpx.Client) -> None:
    finished(ann, cars(ann, "Before the change"))
    client, arn = site.client("secretsmanager"), parameter(site, "ReplicateSecretArn")
    try:
        site.fake.token = "r8_the_next_key_of_the_tests"
        client.put_secret_value(SecretId=arn, SecretString=site.fake.token)
        found = finished(ann, cars(ann, "After the change"))
    finally:
        site.fake.token = PROVIDER_KEY
        client.put_secret_value(SecretId=arn, SecretString=PROVIDER_KEY)

    assert found["outcome"] == "all_succeeded"


def parameter(site: Site, name: str) -> str:
    [stack] = site.client("cloudformation").describe_stacks()["Stacks"]
    return next(p["ParameterValue"] for p in stack["Parameters"] if p["ParameterKey"] == name)


def test_only_those_who_need_it_may_read_a_secret(site: Site) -> None:
    client = site.client("lambda")
    readers = {
        logical
        for logical, name in site.stack["functions"].items()
        if "secretsmanager:" in policies(site, client.get_function_configuration(
            FunctionName=name)["Role"].rpartition("/")[2])
    }  # fmt: skip

    # The API function examines the providers' keys for operators (docs/decisions/0021).
    makers = {"WorkerFunction", "DeadLetterFunction", "FinalizerFunction"}
    assert readers == makers | {"ApiFunction"}


def test_no_role_may_read_every_queue_of_the_account(site: Site) -> None:
    """What SAM adds to a role by itself: to write logs and traces, and no more."""
    iam, client = site.client("iam"), site.client("lambda")
    attached = set()
    for name in site.stack["functions"].values():
        role = client.get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
        found = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        attached |= {each["PolicyArn"].rpartition("/")[2] for each in found}

    assert attached <= {"AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess",
                        "AWSXRayDaemonWriteAccess"}  # fmt: skip


def policies(site: Site, role: str) -> str:
    iam = site.client("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    found = [iam.get_role_policy(RoleName=role, PolicyName=n)["PolicyDocument"] for n in names]
    return json.dumps(found)
