"""Each role against what its function really asked for: nothing is missing, and nothing is spare.

That the policies are enough is proven by all of the deployed suites: the emulator enforces them.
What they grant and no call of this journey needed is named here with its reason.
"""

import re
from pathlib import Path

import httpx
import pytest

from testing.aws_calls import key_of_function
from testing.grants import allowed, granted, spare, used
from testing.scenario import OwnedResources
from tests.security.conftest import Site
from tests.security.crash_scenarios import all_collected, killed_workers, large_archive
from tests.security.happy_path import gone_in_the_end, what_people_do
from tests.security.recovery import repairs
from tests.template.rendering import Node, Rendered

POLLER = "Lambda's poller takes messages with the function's role, the emulator's with none"
UNUSED = {
    f"{function} sqs:{action} <{queue}.Arn>": POLLER
    for function, queue in (
        ("IntakeFunction", "IntakeQueue"),
        ("DispatcherFunction", "DispatchQueue"),
        ("WorkerFunction", "ItemQueue"),
        ("DeadLetterFunction", "DeadLetterQueue"),
    )
    for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
}
UNUSED |= {
    "IntakeFunction dynamodb:Query <Table.Arn>": "a reference may be the name of one of the "
    "owner's uploads, which are searched for it",
}
SOMETIMES = {
    "ProgressFunction dynamodb:UpdateItem <Table.Arn>": "takes a place where it has to wait for "
    "news, and most of this journey's are there already",
    "SweeperFunction sqs:SendMessage <ItemQueue.Arn>": "sends what a killed worker did not, unless "
    "a delivery of the same batch was quicker",
    "SweeperFunction dynamodb:UpdateItem <Table.Arn>": "corrects an owner's account where it finds "
    "one wrong, which takes a crash at the right moment",
}
LOG_DELIVERY = {
    f"logs:{action}"
    for action in (
        *("CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery"),
        *("ListLogDeliveries", "PutResourcePolicy", "DescribeResourcePolicies"),
        "DescribeLogGroups",
    )
}
"""All of what Step Functions' manual asks for to write a log; it calls them, no code of ours."""
MACHINE = Path(__file__).parents[2] / "functions" / "finalizer" / "finalizer.asl.json"
OF_SAM = {"AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess"}
LOGS = "arn:aws:logs:us-east-1:000000000000:log-group"


@pytest.fixture(scope="module")
def template(site: Site) -> Rendered:
    described = site.client("cloudformation").describe_stacks()["Stacks"][0]["Parameters"]
    values = {each["ParameterKey"]: each["ParameterValue"] for each in described}
    return Rendered(**values)


@pytest.fixture(scope="module")
def names(site: Site) -> Node:
    """What the template calls a resource, by what it is called on the stack."""
    stack = site.stack
    api = site.client("lambda").get_function_configuration(
        FunctionName=stack["functions"]["ApiFunction"]
    )["Environment"]["Variables"]
    queues = {
        api["ITEM_QUEUE_URL"]: "<ItemQueue.Arn>",
        api["DISPATCH_QUEUE_URL"]: "<DispatchQueue.Arn>",
        api["INTAKE_QUEUE_URL"]: "<IntakeQueue.Arn>",
        api["DEAD_LETTER_QUEUE_URL"]: "<DeadLetterQueue.Arn>",
        stack["intakeDeadLetterQueueUrl"]: "<IntakeDeadLetterQueue.Arn>",
    }
    return {
        stack["table"]: "<Table.Arn>",
        stack["bucket"]: "<Bucket.Arn>",
        stack["stateMachineArn"]: "<FinalizerStateMachine>",
        stack["webhookSecretArn"]: "<WebhookSecret.Id>",
        api["SIGNING_SECRET_ARN"]: "<SigningSecret.Id>",
        **{url.rsplit("/", 1)[-1]: name for url, name in queues.items()},
    }


@pytest.fixture(scope="module")
def signers(site: Site) -> dict[str, str]:
    """Functions by the access key that they sign with."""
    client = site.client("lambda")
    found = {}
    for logical, name in site.stack["functions"].items():
        about = client.get_function_configuration(FunctionName=name)
        found[key_of_function(about["FunctionArn"], about["Role"])] = logical
    return found


@pytest.fixture(scope="module")
def roles(site: Site) -> dict[str, str]:
    """Functions' roles by the function's logical name."""
    client = site.client("lambda")
    found = {}
    for logical, name in site.stack["functions"].items():
        about = client.get_function_configuration(FunctionName=name)
        found[logical] = str(about["Role"]).rsplit("/", 1)[-1]
    return found


@pytest.fixture(scope="module")
def whole_life(site: Site, ann: httpx.Client, hers: OwnedResources) -> None:
    """All that a stack is for, and all that may go wrong with it."""
    killed = killed_workers(site, ann, hers.reference_url)
    large_archive(site, ann)
    what_people_do(site, ann, hers)
    repairs(site, ann, hers.reference_url)
    all_collected(ann, killed)
    gone_in_the_end(site, ann, hers.cars)


def test_every_permission_is_used_or_has_its_reason(
    site: Site, whole_life: None, template: Rendered, names: Node, signers: dict[str, str]
) -> None:
    asked = used(site.calls.made, signers, names)

    key = template.parameters["ReplicateSecretArn"]
    unused = {
        f"{function} {action} {resource.replace(key, '<ReplicateSecretArn>')}"
        for function in asked
        for action, resource in spare(template, function, asked[function])
    }
    spared = sorted(unused - UNUSED.keys() - SOMETIMES.keys())
    assert not spared, "\n".join(["granted, and never asked for:", *spared])
    needless = sorted(UNUSED.keys() - unused)
    assert not needless, "\n".join(["needs no reason, since it is used:", *needless])


def test_nothing_was_asked_for_that_no_policy_names(
    site: Site, whole_life: None, template: Rendered, names: Node, signers: dict[str, str]
) -> None:
    asked = used(site.calls.made, signers, names)

    for function, calls in asked.items():
        own = granted(template, function)
        for action, resource in calls:
            assert allowed(action, resource, own), f"{function} asked for {action} on {resource}"


def test_no_function_was_refused_anything(
    site: Site, whole_life: None, signers: dict[str, str]
) -> None:
    refused = {
        (signers[call.signer], call.action, call.resource)
        for call in site.calls.made
        if call.signer in signers and call.status == 403 and not call.handed_out
    }

    assert refused == set()


def test_the_page_asks_aws_for_nothing(
    site: Site, whole_life: None, signers: dict[str, str]
) -> None:
    [key] = [key for key, function in signers.items() if function == "WebFunction"]

    assert key not in {call.signer for call in site.calls.made}


def test_the_state_machine_calls_what_its_definition_names(template: Rendered) -> None:
    called = set(re.findall(r'"FunctionName": "(.*?)"', MACHINE.read_text()))
    own = granted(template, "FinalizerStateMachine")

    assert called == {"${FinalizerFunctionArn}"}
    assert {each for each in own if each[1] != "*"} == {
        ("lambda:InvokeFunction", "<FinalizerFunction.Arn>")
    }
    assert {action for action, resource in own if resource == "*"} == LOG_DELIVERY


def test_sam_adds_only_logs_and_traces_to_roles(site: Site, roles: dict[str, str]) -> None:
    iam = site.client("iam")
    for function, role in roles.items():
        found = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        assert {policy["PolicyName"] for policy in found} == OF_SAM, function


def test_no_function_may_write_into_anothers_log(site: Site, roles: dict[str, str]) -> None:
    """As the roles are once deployed, with what SAM added."""
    iam = site.client("iam")
    groups = {function: site.log_group(function) for function in roles}

    def may(role: str, group: str) -> str:
        [answer] = iam.simulate_principal_policy(
            PolicySourceArn=iam.get_role(RoleName=role)["Role"]["Arn"],
            ActionNames=["logs:PutLogEvents"],
            ResourceArns=[f"{LOGS}:{group}:log-stream:a"],
        )["EvaluationResults"]
        return str(answer["EvalDecision"])

    for function, role in roles.items():
        another = next(group for other, group in groups.items() if other != function)
        assert may(role, groups[function]) == "allowed", function
        assert may(role, another) == "explicitDeny", function
