import pytest

from imagebatch.domain.errors import InvalidRequestError, StateConflictError
from imagebatch.usecases.idempotency import Once, fingerprint
from testing.fakes import FakeClock, FakeIds, InMemoryIdempotencyStore

OWNER = "ann"


class Counter:
    def __init__(self) -> None:
        self.subjects: list[str] = []

    def __call__(self, subject: str) -> dict[str, str]:
        self.subjects.append(subject)
        return {"id": subject}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def once(clock: FakeClock) -> Once:
    return Once(InMemoryIdempotencyStore(), clock, FakeIds())


def test_the_same_key_and_content_gives_the_first_answer(once: Once) -> None:
    create = Counter()
    first = once(OWNER, "k", "content", create)
    assert once(OWNER, "k", "content", create) == first
    assert len(create.subjects) == 1


def test_the_same_key_with_other_content_is_422(once: Once) -> None:
    once(OWNER, "k", "content", Counter())
    with pytest.raises(InvalidRequestError) as refused:
        once(OWNER, "k", "other", Counter())
    assert refused.value.status == 422


def test_while_the_first_is_in_flight_the_second_is_409(once: Once) -> None:
    def create(subject: str) -> dict[str, str]:
        with pytest.raises(StateConflictError):
            once(OWNER, "k", "content", Counter())
        return {"id": subject}

    once(OWNER, "k", "content", create)


def test_a_refused_request_does_not_use_the_key_up(once: Once) -> None:
    def refuse(_: str) -> dict[str, str]:
        raise InvalidRequestError("invalid-rows", "Invalid rows")

    with pytest.raises(InvalidRequestError):
        once(OWNER, "k", "content", refuse)
    create = Counter()
    once(OWNER, "k", "other", create)
    assert len(create.subjects) == 1


def test_a_request_that_died_is_carried_on_under_the_same_id(once: Once, clock: FakeClock) -> None:
    begun = []

    def die(subject: str) -> dict[str, str]:
        begun.append(subject)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        once(OWNER, "k", "content", die)
    clock.advance(60)
    create = Counter()
    once(OWNER, "k", "content", create)
    assert create.subjects == begun


def test_a_key_is_free_again_after_a_day(once: Once, clock: FakeClock) -> None:
    create = Counter()
    once(OWNER, "k", "content", create)
    clock.advance(24 * 3600 + 1)
    once(OWNER, "k", "other", create)
    assert len(set(create.subjects)) == 2


def test_owners_do_not_share_keys(once: Once) -> None:
    create = Counter()
    once("ann", "k", "content", create)
    once("bob", "k", "other", create)
    assert len(create.subjects) == 2


@pytest.mark.parametrize("key", ["", " ", "x" * 256])
def test_a_key_that_is_no_key_is_refused(once: Once, key: str) -> None:
    with pytest.raises(InvalidRequestError):
        once(OWNER, key, "content", Counter())


def test_a_fingerprint_tells_where_one_part_ends() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
