import pytest

from imagebatch.api.errors import status_of
from imagebatch.domain.errors import InvalidRequestError, StateConflictError
from imagebatch.usecases.idempotency import IdempotentExecutor, fingerprint
from testing.fakes import FakeClock, FakeRandomness, InMemoryIdempotencyStore

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
def execute_once(clock: FakeClock) -> IdempotentExecutor:
    return IdempotentExecutor(InMemoryIdempotencyStore(), clock, FakeRandomness())


def test_the_same_key_and_content_gives_the_first_answer(execute_once: IdempotentExecutor) -> None:
    create = Counter()
    first = execute_once(OWNER, "k", "content", create)
    assert execute_once(OWNER, "k", "content", create) == first
    assert len(create.subjects) == 1


def test_the_same_key_with_other_content_is_422(execute_once: IdempotentExecutor) -> None:
    execute_once(OWNER, "k", "content", Counter())
    with pytest.raises(InvalidRequestError) as refused:
        execute_once(OWNER, "k", "other", Counter())
    assert status_of(refused.value) == 422


def test_second_request_in_flight_is_409(execute_once: IdempotentExecutor) -> None:
    def create(subject: str) -> dict[str, str]:
        with pytest.raises(StateConflictError):
            execute_once(OWNER, "k", "content", Counter())
        return {"id": subject}

    execute_once(OWNER, "k", "content", create)


def test_a_refused_request_does_not_use_the_key_up(execute_once: IdempotentExecutor) -> None:
    def refuse(_: str) -> dict[str, str]:
        raise InvalidRequestError("invalid-rows", "Invalid rows")

    with pytest.raises(InvalidRequestError):
        execute_once(OWNER, "k", "content", refuse)
    create = Counter()
    execute_once(OWNER, "k", "other", create)
    assert len(create.subjects) == 1


def test_dead_request_continues_under_the_same_id(
    execute_once: IdempotentExecutor, clock: FakeClock
) -> None:
    begun = []

    def die(subject: str) -> dict[str, str]:
        begun.append(subject)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute_once(OWNER, "k", "content", die)
    clock.advance(60)
    create = Counter()
    execute_once(OWNER, "k", "content", create)
    assert create.subjects == begun


def test_key_expires_after_a_day(execute_once: IdempotentExecutor, clock: FakeClock) -> None:
    create = Counter()
    execute_once(OWNER, "k", "content", create)
    clock.advance(24 * 3600 + 1)
    execute_once(OWNER, "k", "other", create)
    assert len(set(create.subjects)) == 2


def test_owners_do_not_share_keys(execute_once: IdempotentExecutor) -> None:
    create = Counter()
    execute_once("ann", "k", "content", create)
    execute_once("bob", "k", "other", create)
    assert len(create.subjects) == 2


@pytest.mark.parametrize("key", ["", " ", "x" * 256])
def test_a_key_that_is_no_key_is_refused(execute_once: IdempotentExecutor, key: str) -> None:
    with pytest.raises(InvalidRequestError):
        execute_once(OWNER, key, "content", Counter())


def test_a_fingerprint_tells_where_one_part_ends() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
