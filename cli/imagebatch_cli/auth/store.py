"""Storage of sign-ins: the system's keyring, or a file that only its owner can read."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import typer

SERVICE = "imagebatch"
FILE_MODE = 0o600
FOLDER_MODE = 0o700
WINDOWS_KEYRING_LIMIT = 1200
"""In characters. Windows stores 2,560 bytes per entry; Cognito's tokens are longer."""


@dataclass(frozen=True)
class SignIn:
    """Tokens, and the data needed to renew and revoke them. `expires_at` is in epoch seconds."""

    issuer: str
    client_id: str
    access_token: str
    expires_at: float
    token_endpoint: str
    refresh_token: str | None = None
    revocation_endpoint: str | None = None
    sign_out_url: str | None = None


def default_folder() -> Path:
    return Path(os.environ.get("IMAGEBATCH_CONFIG_DIR") or typer.get_app_dir(SERVICE))


class CredentialStore:
    """Sign-ins by API URL, and the URL that was last signed in to."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or default_folder()
        self._file = self._folder / "credentials.json"

    @property
    def last_url(self) -> str | None:
        found = self._read().get("lastUrl")
        return found if isinstance(found, str) else None

    def load(self, url: str) -> SignIn | None:
        text = _from_keyring(url)
        kept = json.loads(text) if text else self._read().get("signIns", {}).get(url)
        return SignIn(**kept) if kept else None

    def save(self, url: str, sign_in: SignIn) -> str:
        """Store the sign-in and return where."""
        in_keyring = _to_keyring(url, json.dumps(asdict(sign_in)))
        content = self._read()
        sign_ins = content.get("signIns", {})
        sign_ins.pop(url, None)
        if not in_keyring:
            sign_ins[url] = asdict(sign_in)
        self._write({"lastUrl": url, "signIns": sign_ins})
        return "the system's keyring" if in_keyring else str(self._file)

    def delete(self, url: str) -> None:
        _delete_from_keyring(url)
        content = self._read()
        if content.get("signIns", {}).pop(url, None) is not None:
            self._write(content)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one program renews at a time: issuers that rotate refresh tokens accept each one
        once.
        """
        try:
            import fcntl
        except ImportError:  # Windows
            yield
            return
        self._make_folder()
        with (self._folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)

    def _write(self, content: dict[str, Any]) -> None:
        """Write the file as a whole or not at all, and never readable by others."""
        self._make_folder()
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=".credentials-")  # mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(FILE_MODE)
            Path(name).replace(self._file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _keyring() -> ModuleType | None:
    """Return the package `keyring`, if it is installed (`imagebatch[keyring]`)."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return None
    return keyring


def _from_keyring(url: str) -> str | None:
    keyring = _keyring()
    if keyring is None:
        return None
    with suppress(keyring.errors.KeyringError):
        found: str | None = keyring.get_password(SERVICE, url)
        return found
    return None


def _to_keyring(url: str, text: str) -> bool:
    """Check that it was stored: some backends accept everything and keep nothing."""
    keyring = _keyring()
    if keyring is None or (sys.platform == "win32" and len(text) > WINDOWS_KEYRING_LIMIT):
        return False
    with suppress(keyring.errors.KeyringError):
        keyring.set_password(SERVICE, url, text)
        return bool(keyring.get_password(SERVICE, url) == text)
    return False


def _delete_from_keyring(url: str) -> None:
    keyring = _keyring()
    if keyring is not None:
        with suppress(keyring.errors.KeyringError):
            keyring.delete_password(SERVICE, url)
