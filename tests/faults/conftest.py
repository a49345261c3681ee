"""Every case is a batch of its own on one stack, and all of them run at once: a case that waits for
a message to come back costs the suite no time of its own.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

# Before the imports below: a module that is already imported is not rewritten.
pytest.register_assert_rewrite("tests.faults.checker", "tests.faults.harness")

from testing.emulator_family import Family  # noqa: E402
from testing.fake_providers import FakeProviders  # noqa: E402
from testing.fault_proxy import AWS_NAMES, PREDICTION_NAMES, FaultProxy  # noqa: E402
from tests.conftest import Aws, Stacks, stop_scheduled_sweeps  # noqa: E402
from tests.faults.harness import Case, FaultHarness  # noqa: E402

AT_ONCE = 10
API_SECONDS = 55
"""The template's 29 are too few when all cases share two cores; the harness waits for 60."""
LONG = {
    "a_row_that_fails_at_every_delivery_is_collected_by_the_dead_letter_function",
    "a_message_that_nobody_can_read",
    "every_fault_ends_its_row_as_it_should_and_no_other",
    "retried_while_the_first_rounds_execution_still_sleeps",
    "with_three_failures_of_a_thousand_rows",
    "an_error_at_some_calls_of_each_kind",
    "an_error_at_each_call_to_aws_in_turn",
    "three_faults_at_random",
    "three_faults_at_random_in_many_batches",
    "killed_twice_before_the_create_it_is_made_all_the_same",
}
"""The first to start."""


@pytest.fixture(scope="session")
def harness(stacks: Stacks, aws: Aws) -> Iterator[FaultHarness]:
    family = Family()
    with (
        FakeProviders() as fake,
        FaultProxy(AWS_NAMES, family) as before_aws,
        FaultProxy(PREDICTION_NAMES, family, fake.url) as before_provider,
    ):
        stack = stacks(
            keys={"ReplicateSecretArn": "r8_x"},
            AwsEndpointUrl=before_aws.url,
            ReplicateBaseUrl=before_provider.url,
            WorkerTimeoutSeconds=30,
            WorkerConcurrency=8,
            ItemDeadlineSeconds=150,
            OutagePatienceSeconds=30,
            SweepAfterSeconds=1,
            ArchiveTtlSeconds=120,
            MaxActiveBatches=1000,
            MaxRows=60,
        )
        family.url = before_aws.upstream = stack["endpointUrl"]
        stop_scheduled_sweeps(aws, stack)
        aws("lambda", stack).update_function_configuration(
            FunctionName=stack["functions"]["ApiFunction"], Timeout=API_SECONDS
        )
        yield FaultHarness(stack, aws, before_aws, before_provider, fake)


@pytest.fixture(scope="session")
def outcomes(
    request: pytest.FixtureRequest, harness: FaultHarness
) -> Iterator[dict[Case, Future[None]]]:
    """Every selected case, running."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    cases = [i.callspec.params["case"] for i in items if "outcomes" in i.fixturenames]
    cases.sort(key=lambda case: case.__name__ not in LONG)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {case: pool.submit(case, harness, word_of(case)) for case in cases}


@pytest.fixture
def outcome(case: Case, outcomes: dict[Case, Future[None]]) -> Callable[[], None]:
    """Waits for the case and raises what it raised."""
    return outcomes[case].result


def word_of(case: Case) -> str:
    """A make of car that is part of no other's."""
    return "".join(part.capitalize() for part in case.__name__.split("_")) + "X"
