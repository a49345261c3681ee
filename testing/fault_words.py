"""The faults of a provider or its image host, and the result of a row that meets one.

One row a word. `more` is for FakeProviders' script; then the code the row ends with, and how often
Replicate is asked for it, None where that depends on the time.
"""

from typing import Any, NamedTuple


class FaultWord(NamedTuple):
    fault: str
    more: dict[str, Any]
    end: str
    creates: int | None


ONCE: dict[str, Any] = {"times": 1}
LOOKS: dict[str, Any] = {"on": "get", "times": 2}
TRANSIENT, REFUSAL = "Prediction interrupted; please retry", "NSFW content detected"
CONFLICT = {"status": 409, "body": {"detail": "another request has this number"}}

WORDS = [
    # --- what takes longest
    FaultWord("never", {}, "deadline_exceeded", 1),
    FaultWord("503", {}, "provider_unavailable", None),
    FaultWord("hang", ONCE, "succeeded", 2),
    FaultWord("hang_after", ONCE, "succeeded", 1),
    FaultWord("headers_then_hang", ONCE, "succeeded", 1),
    FaultWord("trickle", {**ONCE, "seconds": 0.2}, "succeeded", 1),
    # --- creates that certainly made nothing
    FaultWord("429", ONCE, "succeeded", 2),
    FaultWord("429_header", {**ONCE, "seconds": 3}, "succeeded", 2),
    FaultWord("429_body", {**ONCE, "seconds": 1}, "succeeded", 2),
    FaultWord("429_text", {"times": 2, "seconds": 1}, "succeeded", 3),
    FaultWord("429_charset", {**ONCE, "seconds": 1}, "succeeded", 2),
    FaultWord("500", ONCE, "succeeded", 2),
    FaultWord("502", ONCE, "succeeded", 2),
    FaultWord("cut_before", ONCE, "succeeded", 2),
    FaultWord("422", {}, "invalid_input", 1),
    FaultWord("json_list", {}, "invalid_input", 1),
    FaultWord("status", CONFLICT, "provider_rejected", 1),
    # --- creates whose answer is lost
    FaultWord("504", ONCE, "succeeded", 2),
    FaultWord("cut_after", ONCE, "succeeded", 1),
    FaultWord("half", ONCE, "succeeded", 1),
    FaultWord("garbled", ONCE, "succeeded", 1),
    FaultWord("html", ONCE, "succeeded", 1),
    FaultWord("no_id", ONCE, "succeeded", 1),
    # --- looks at a prediction
    FaultWord("nan", {"on": "get"}, "invalid_output", 2),
    FaultWord("nested", {"on": "get"}, "invalid_output", 2),
    FaultWord("types", LOOKS, "succeeded", 1),
    FaultWord("gzip", LOOKS, "succeeded", 1),
    FaultWord("megabytes", LOOKS, "succeeded", 1),
    # --- ends of a prediction
    FaultWord("failed", {**ONCE, "text": TRANSIENT}, "succeeded", 2),
    FaultWord("failed", {"text": REFUSAL}, "content_refused", 1),
    FaultWord("failed", {"text": ""}, "provider_unavailable", 2),
    FaultWord("canceled", ONCE, "succeeded", 2),
    FaultWord("aborted", ONCE, "succeeded", 2),
    FaultWord("output", {"output": []}, "invalid_output", 2),
    FaultWord("removed", ONCE, "succeeded", 2),
    FaultWord("lost", {**ONCE, "seconds": 2}, "succeeded", 2),
    FaultWord("slow", {"seconds": 6}, "succeeded", 1),
    # --- files
    FaultWord("truncated", ONCE, "succeeded", 1),
    FaultWord("chunked_cut", {"times": 3}, "succeeded", 1),
    FaultWord("truncated_quietly", ONCE, "succeeded", 2),
    FaultWord("html", {**ONCE, "on": "file"}, "succeeded", 2),
    FaultWord("empty", {}, "invalid_output", 2),
    FaultWord("blank", {}, "invalid_output", 2),
    FaultWord("black", ONCE, "succeeded", 2),
    FaultWord("svg", {}, "invalid_output", 2),
    FaultWord("bomb", {}, "invalid_output", 2),
    FaultWord("profile", {}, "invalid_output", 2),
    FaultWord("trailing", {}, "succeeded", 1),
    FaultWord("heavy", {}, "succeeded", 1),
    FaultWord("detailed", {}, "succeeded", 1),
    FaultWord("huge", {}, "invalid_output", 2),
    FaultWord("huge_chunked", ONCE, "succeeded", None),
    FaultWord("expired", ONCE, "succeeded", 2),
    FaultWord("304", {}, "invalid_output", 2),
    FaultWord("redirect_nowhere", {}, "invalid_output", 2),
    FaultWord("redirect_loop", {}, "invalid_output", 2),
]

STOPPING = {
    "401": "provider_auth",
    "402": "provider_auth",
    "403": "provider_auth",
    "404": "model_unavailable",
    "410": "model_unavailable",
    "422_version": "model_unavailable",
    "wrong_aspect": "invalid_output",
    "redirect_away": "invalid_output",
}
"""Faults that would affect every other row of the round: all of them end like this."""


def is_looked_at(word: FaultWord) -> bool:
    """Whether the fault needs a prediction that takes time."""
    return word.more.get("on") == "get"
