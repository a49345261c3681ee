"""API keys from Secrets Manager, so that one can be rotated without a deploy."""

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from imagebatch.domain.errors import ProviderAuthError, ProviderUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CACHE_SECONDS = 300.0
_FOR_NOW = {"InternalServiceError", "ThrottlingException", "RequestTimeout", "ServiceUnavailable"}


class SecretReader:
    """Calling it returns the secret's text, cached for at most five minutes.

    The secret is the bare key, or a JSON object with the key as its only value, as the console
    writes it. ProviderAuthError if it cannot be read or is empty, ProviderUnavailableError if
    Secrets Manager does not respond and there is no earlier text.
    """

    def __init__(
        self,
        arn: str,
        client: Callable[[], "SecretsManagerClient"],
        *,
        holds: str = "provider's API key",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._arn = arn
        self._client = client
        self._holds = holds
        self._clock = clock
        self._text = ""
        self._fresh_until = float("-inf")

    def __call__(self) -> str:
        return self._text if self._clock() < self._fresh_until else self.refresh()

    def refresh(self) -> str:
        """Read the secret now, ignoring the cache."""
        text = _bare(self._read())
        if not text:
            raise ProviderAuthError(f"The secret that holds the {self._holds} is empty.")
        self._text = text
        self._fresh_until = self._clock() + CACHE_SECONDS
        return text

    def _read(self) -> str:
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
        from botocore.exceptions import ConnectionError as NoConnectionError

        try:
            return self._client().get_secret_value(SecretId=self._arn).get("SecretString", "")
        except (HTTPClientError, NoConnectionError) as error:
            return self._earlier(error)
        except ClientError as error:
            if error.response["Error"]["Code"] in _FOR_NOW:
                return self._earlier(error)
            raise self._unreadable() from error
        except BotoCoreError as error:
            raise self._unreadable() from error

    def _earlier(self, error: Exception) -> str:
        if self._text:
            return self._text
        raise ProviderUnavailableError(
            f"The {self._holds} cannot be read at the moment."
        ) from error

    def _unreadable(self) -> ProviderAuthError:
        return ProviderAuthError(f"The secret that holds the {self._holds} cannot be read.")


def _bare(text: str) -> str:
    try:
        values = json.loads(text)
    except ValueError:
        return text.strip()
    if isinstance(values, dict):
        only = list(values.values())
        return only[0].strip() if len(only) == 1 and isinstance(only[0], str) else ""
    return text.strip()
