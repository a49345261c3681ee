"""Tokens of the stack: one for each purpose and list of parts, and none without the secret."""

import pytest

from imagebatch.adapters.signing import StackSigner
from imagebatch.domain.errors import ProviderAuthError, UnavailableError

SIGNER = StackSigner(lambda: "a secret of the stack")


def test_token_is_url_safe_and_deterministic() -> None:
    token = SIGNER.sign("share", "ann", "id")
    assert len(token) == 43
    assert token.replace("-", "").replace("_", "").isalnum()
    assert token == StackSigner(lambda: "a secret of the stack").sign("share", "ann", "id")
    assert SIGNER.is_signed(token, "share", "ann", "id")


@pytest.mark.parametrize(
    ("purpose", "parts"),
    [
        ("quote", ("ann", "id")),
        ("share", ("annid", "")),
        ("share", ("ann", "id", "")),
        ("share", ("an", "nid")),
        ("share", ("bob", "id")),
    ],
)
def test_a_token_is_good_for_nothing_else(purpose: str, parts: tuple[str, ...]) -> None:
    token = SIGNER.sign("share", "ann", "id")
    assert not SIGNER.is_signed(token, purpose, *parts)
    assert not StackSigner(lambda: "another").is_signed(token, "share", "ann", "id")
    assert not SIGNER.is_signed("\u00e9" + token[1:], "share", "ann", "id")


def test_a_secret_that_cannot_be_read_is_no_refusal() -> None:
    def secret() -> str:
        raise ProviderAuthError("The secret cannot be read.")

    with pytest.raises(UnavailableError):
        StackSigner(secret).sign("share", "ann")
