"""Stacks with authentication on: one with an issuer of the tests' own, a recorder before AWS, a
provider and a webhook receiver on loopback; one with the user pool that comes with it.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from local.config import free_port
from testing.auth_backends import AuthBackend, CognitoPool
from testing.aws_calls import Recorder
from testing.emulator_family import Family
from testing.fake_providers import FakeProviders
from testing.forged import forgeries
from testing.issuer import Issuer
from testing.receiver import Receiver
from testing.scenario import OwnedResources
from tests.conftest import Aws, Stacks, stop_scheduled_sweeps

PROVIDER_KEY = "r8_a_key_of_the_security_tests"
MAX_ACTIVE_BATCHES, OWNER_BUDGET = 1000, 100_000
"""So much that only a test of the limits comes near."""


@dataclass
class Site(AuthBackend):
    """The stack and everything around it. `friend` is the one origin that it lets in."""

    issuer: Issuer
    calls: Recorder
    fake: FakeProviders
    receiver: Receiver
    friend: str

    def token(self, owner: str, **claims: Any) -> str:
        return self.issuer.token(owner, **claims)

    def bad_tokens(self) -> dict[str, str | None]:
        issuer, past = self.issuer, int(time.time()) - 10
        return {
            **forgeries(issuer.token("ann"), issuer.key.public_key()),
            "an expired one": issuer.token("ann", exp=past),
            "one that is not valid yet": issuer.token("ann", nbf=past + 3600),
            "one of a key nobody knows": issuer.token("ann", kid="unknown"),
            "one for another audience": issuer.token("ann", aud="another-api"),
            "one for no audience": issuer.token("ann", aud=None),
            "one of another issuer": issuer.token("ann", iss="http://127.0.0.1:1"),
        }

    def secret(self) -> str:
        """What webhooks are signed with."""
        client = self.client("secretsmanager")
        return str(client.get_secret_value(SecretId=self.stack["webhookSecretArn"])["SecretString"])


@pytest.fixture(scope="session")
def site(stacks: Stacks, aws: Aws) -> Iterator[Site]:
    family, friend = Family(), f"http://127.0.0.1:{free_port()}"
    with (
        Issuer() as issuer,
        FakeProviders() as fake,
        Receiver() as receiver,
        Recorder(family) as calls,
    ):
        fake.token = PROVIDER_KEY
        stack = stacks(
            keys={"ReplicateSecretArn": PROVIDER_KEY},
            AuthMode="oidc",
            OidcIssuer=issuer.url,
            OidcAudience=issuer.audience,
            AllowedOrigins=friend,
            AwsEndpointUrl=calls.url,
            ReplicateBaseUrl=fake.url,
            DefaultModel="google/nano-banana-2.1",
            DevCallbackOrigin=receiver.url,
            MaxActiveBatches=MAX_ACTIVE_BATCHES,
            OwnerMonthlyBudget=OWNER_BUDGET,
            SweepAfterSeconds=1,
            WorkerTimeoutSeconds=10,
            ArchiveTtlSeconds=90,
            WorkerConcurrency=4,
        )
        family.url = calls.upstream = stack["endpointUrl"]
        stop_scheduled_sweeps(aws, stack)
        made = Site(stack, aws, issuer, calls, fake, receiver, friend)
        yield made
        made.close()


@pytest.fixture(scope="session")
def pool(stacks: Stacks, aws: Aws) -> Iterator[CognitoPool]:
    """The template's default: people of the stack alone."""
    made = CognitoPool(stacks(AuthMode="cognito", DefaultModel="google/nano-banana-2.1"), aws)
    yield made
    made.close()


@pytest.fixture(scope="session")
def ann(site: Site) -> httpx.Client:
    return site.as_("ann")


@pytest.fixture(scope="session")
def hers(site: Site) -> OwnedResources:
    return site.day_of("ann", "Hers", 7001)
