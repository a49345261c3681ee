"""One stack with authentication on: an issuer of the tests' own, a recorder before AWS, a provider
and a webhook receiver on loopback.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from local.config import free_port
from tests.conftest import Aws, Stack, Stacks
from tests.support.aws_calls import Recorder
from tests.support.fake_providers import FakeProviders
from tests.support.fault_proxy import Family
from tests.support.issuer import Issuer
from tests.support.journey import Belongings, a_day_of
from tests.support.receiver import Receiver

PROVIDER_KEY = "r8_a_key_of_the_security_tests"


@dataclass
class Site:
    """The stack and everything around it. `friend` is the one origin that it lets in."""

    stack: Stack
    aws: Aws
    issuer: Issuer
    calls: Recorder
    fake: FakeProviders
    receiver: Receiver
    friend: str
    clients: dict[str, httpx.Client] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        return self.aws(service, self.stack)

    def as_(self, owner: str, **claims: Any) -> httpx.Client:
        """A client that carries a good token of this owner's."""
        name = f"{owner} {sorted(claims.items())}"
        if name not in self.clients:
            token = self.issuer.token(owner, **claims)
            self.clients[name] = self.with_token(token)
        return self.clients[name]

    def with_token(self, token: str | None) -> httpx.Client:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.stack["apiUrl"], headers=headers, timeout=60)

    def log_group(self, function: str) -> str:
        found = self.client("lambda").get_function_configuration(
            FunctionName=self.stack["functions"][function]
        )
        return str(found["LoggingConfig"]["LogGroup"])

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
            DefaultModel="google/nano-banana",
            DevCallbackOrigin=receiver.url,
            MaxActiveBatches=1000,
            SweepAfterSeconds=1,
            ArchiveTtlSeconds=90,
            WorkerConcurrency=4,
        )
        family.url = calls.upstream = stack["endpointUrl"]
        made = Site(stack, aws, issuer, calls, fake, receiver, friend)
        yield made
        for client in made.clients.values():
            client.close()


@pytest.fixture(scope="session")
def ann(site: Site) -> httpx.Client:
    return site.as_("ann")


@pytest.fixture(scope="session")
def bob(site: Site) -> httpx.Client:
    return site.as_("bob|with spaces/and #")


@pytest.fixture(scope="session")
def hers(ann: httpx.Client) -> Belongings:
    return a_day_of(ann, "Hers", 7001)


@pytest.fixture(scope="session")
def his(bob: httpx.Client) -> Belongings:
    return a_day_of(bob, "His", 8001)
