"""The configuration of a local stack: the environment of `make up`, or a test's choice."""

import hashlib
import platform
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

PORT = 4566
REGION = "us-east-1"
ACCESS_KEY = SECRET_KEY = "test"  # noqa: S105 - the emulator's root credentials, on loopback only

KEYS = {
    "ReplicateSecretArn": "REPLICATE_API_TOKEN",
    "RunpodSecretArn": "RUNPOD_API_KEY",
    "FalSecretArn": "FAL_KEY",
}
"""The template's parameter for a provider's secret, and the variable with the key."""

DEFAULTS = {"AuthMode": "none"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """`values` are template parameters by name, `keys` provider keys by parameter."""

    port: int = PORT
    stack: str = "imagebatch"
    values: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    wait_scale: str = "1"

    @classmethod
    def from_env(cls, env: Mapping[str, str], parameters: Iterable[str]) -> "Config":
        """Each template parameter can be set by its name in upper case: MaxRows by MAX_ROWS."""
        values = {name: env[variable(name)] for name in parameters if env.get(variable(name))}
        return cls(
            port=int(env.get("PORT") or PORT),
            values=values,
            keys={name: env[key] for name, key in KEYS.items() if env.get(key)},
            wait_scale=env.get("SFN_WAIT_SCALE") or "1",
        )

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_id(self) -> str:
        """Chosen before the deploy, because the functions need their own URL."""
        return hashlib.sha256(self.stack.encode()).hexdigest()[:8]

    @property
    def api_url(self) -> str:
        return f"{self.endpoint}/_aws/execute-api/{self.api_id}/$default"

    @property
    def web_url(self) -> str:
        return f"http://{self.api_id}.execute-api.localhost:{self.port}"

    def parameters(self) -> dict[str, str]:
        concurrency = self.values.get("WorkerConcurrency")
        return {
            **DEFAULTS,
            **({"ReservedConcurrency": concurrency} if concurrency else {}),
            "Architecture": architecture(),
            "AwsEndpointUrl": self.endpoint,
            "PublicUrl": self.api_url,
            **self.values,
            "AllowedOrigins": self._origins(),
        }

    def _origins(self) -> str:
        """The page's own origin is always included: locally it is not the API's."""
        given = self.values.get("AllowedOrigins", "").split(",")
        return ",".join(dict.fromkeys([self.web_url, *filter(None, given)]))


def variable(parameter: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", parameter).upper()


def architecture() -> str:
    """The machine's own: the emulator runs the functions as plain processes."""
    return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
