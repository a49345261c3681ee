"""A policy is parsed once, by its text."""

from typing import Any

from testing.emulator.permissions import _once


def test_a_policy_is_parsed_once_until_it_changes() -> None:
    seen: list[Any] = []
    parse = _once(lambda policy: [seen.append(policy), policy])

    first, again = parse("allow"), parse("allow")
    again.clear()

    assert parse("allow") == first == [None, "allow"]
    assert parse("deny") == [None, "deny"]
    assert seen == ["allow", "deny"]


def test_policy_that_is_no_text_is_parsed_each_time() -> None:
    policy = {"Statement": []}
    seen: list[Any] = []
    parse = _once(lambda policy: [seen.append(policy)])
    assert [parse(policy), parse(policy)] == [[None], [None]]
    assert seen == [policy, policy]
