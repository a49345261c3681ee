"""Stacks with authentication on, and how users sign in: with an issuer, or with the stack's
pool.
"""

import re
import secrets
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from testing.forged import forgeries, read
from testing.scenario import OwnedResources, seed_owner, sign_again, until
from tests.conftest import Aws, Stack

BEHIND = {"ApiFunction", "ProgressFunction"}
"""The functions that a rejected request must not invoke."""


@dataclass
class AuthBackend(ABC):
    stack: Stack
    aws: Aws
    clients: dict[str, httpx.Client] = field(default_factory=dict, init=False)
    days: dict[str, OwnedResources] = field(default_factory=dict, init=False)

    @abstractmethod
    def token(self, owner: str, **claims: Any) -> str:
        """A valid one."""

    @abstractmethod
    def bad_tokens(self) -> dict[str, str | None]:
        """By what is wrong with them."""

    def client(self, service: str) -> Any:
        return self.aws(service, self.stack)

    def as_(self, owner: str, **claims: Any) -> httpx.Client:
        """A client with a valid token of this owner."""
        name = f"{owner} {sorted(claims.items())}"
        if name not in self.clients:
            self.clients[name] = self.with_token(self.token(owner, **claims))
        return self.clients[name]

    def with_token(self, token: str | None) -> httpx.Client:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.stack["apiUrl"], headers=headers, timeout=60)

    def day_of(self, owner: str, word: str, variant: int) -> OwnedResources:
        """What `seed_owner` creates for the owner, once per word, with URLs that are valid."""
        api = self.as_(owner)
        if word not in self.days:
            self.days[word] = seed_owner(api, word, variant)
        return sign_again(api, self.days[word])

    def log_group(self, function: str) -> str:
        found = self.client("lambda").get_function_configuration(
            FunctionName=self.stack["functions"][function]
        )
        return str(found["LoggingConfig"]["LogGroup"])

    def invocations(self) -> int:
        """How often the functions behind the API were invoked, once the count is stable."""
        before = -1
        while before != (now := sum(map(self._starts, BEHIND))):
            before = now
            time.sleep(1)
        return now

    def _starts(self, function: str) -> int:
        logs = self.client("logs")
        try:
            pages = list(
                logs.get_paginator("filter_log_events").paginate(
                    logGroupName=self.log_group(function), filterPattern="START"
                )
            )
        except logs.exceptions.ResourceNotFoundException:
            return 0
        return sum(e["message"].startswith("START") for page in pages for e in page["events"])

    def close(self) -> None:
        for client in self.clients.values():
            client.close()


class CognitoPool(AuthBackend):
    """The user pool of the stack, and its users."""

    @property
    def people(self) -> Any:
        return self.client("cognito-idp")

    @property
    def home(self) -> tuple[str, str]:
        return self.stack["userPoolId"], self.stack["userPoolClientId"]

    def token(self, owner: str, **claims: Any) -> str:
        """An access token, as used by the page and the command line; `use="id"` for an ID token."""
        kind = {"access": "AccessToken", "id": "IdToken"}[claims.get("use", "access")]
        return str(self.signed_in(owner, *self.home)[kind])

    def signed_in(self, owner: str, pool: str, app: str) -> dict[str, str]:
        """The tokens of a user, created by an administrator if missing."""
        name, password = email(owner), f"{secrets.token_urlsafe(24)}aA1-"
        people = self.people
        with suppress(people.exceptions.UsernameExistsException):
            people.admin_create_user(
                UserPoolId=pool,
                Username=name,
                MessageAction="SUPPRESS",
                UserAttributes=[
                    {"Name": "email", "Value": name},
                    {"Name": "email_verified", "Value": "true"},
                ],
            )
        people.admin_set_user_password(
            UserPoolId=pool, Username=name, Password=password, Permanent=True
        )
        answer = people.initiate_auth(
            ClientId=app,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )
        return dict(answer["AuthenticationResult"])

    def bad_tokens(self) -> dict[str, str | None]:
        pool, _ = self.home
        good = self.token("ann")
        of_another_app = self.signed_in("ann", pool, self._app(pool))
        another = self.people.create_user_pool(
            PoolName="another", UsernameAttributes=["email"]
        )["UserPool"]["Id"]  # fmt: skip
        of_another_pool = self.signed_in("ann", another, self._app(another))
        return {
            **forgeries(good, self._public_key(good)),
            "an expired one": self._expired(),
            "one for another client": of_another_app["AccessToken"],
            "an ID token for another client": of_another_app["IdToken"],
            "one of another pool": of_another_pool["AccessToken"],
            "an ID token of another pool": of_another_pool["IdToken"],
        }

    def _app(self, pool: str) -> str:
        made = self.people.create_user_pool_client(
            UserPoolId=pool, ClientName="another", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
        )
        return str(made["UserPoolClient"]["ClientId"])

    def _expired(self) -> str:
        """Issued by the pool for its own client, valid for a second."""
        pool, app = self.home
        about = self.people.describe_user_pool_client(UserPoolId=pool, ClientId=app)
        kept = {
            name: value
            for name, value in about["UserPoolClient"].items()
            if value and name not in {"ClientSecret", "LastModifiedDate", "CreationDate"}
        }
        short = {"AccessTokenValidity": 1, "TokenValidityUnits": {"AccessToken": "seconds"}}
        self.people.update_user_pool_client(**{**kept, **short})
        token = self.token("ann")
        self.people.update_user_pool_client(**kept)
        _, claims = read(token)
        until("expired", lambda: time.time() > claims["exp"])
        return token

    def _public_key(self, token: str) -> rsa.RSAPublicKey:
        pool, _ = self.home
        head, _ = read(token)
        found = httpx.get(f"{self.stack['endpointUrl']}/{pool}/.well-known/jwks.json").json()
        [key] = [each for each in found["keys"] if each["kid"] == head["kid"]]
        public: rsa.RSAPublicKey = jwt.PyJWK(key).key
        return public


def email(owner: str) -> str:
    return f"{re.sub(r'[^a-z0-9]+', '.', owner.lower()).strip('.')}@example.com"
