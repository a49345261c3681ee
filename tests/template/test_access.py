"""Each function may do what its code does, and nothing else."""

import re
import string
from fnmatch import fnmatchcase

import pytest

from imagebatch.adapters.dynamodb import keys
from tests.template.rendering import Node, Rendered

FOLDERS = {"inbox", "outbox", "uploads", "batches", "archives", "library", "config"}
OF_A_BATCH = {f"<Bucket.Arn>/{folder}/*" for folder in ("archives", "batches", "library", "outbox")}
DELETED_BY = {
    "ApiFunction": OF_A_BATCH | {"<Bucket.Arn>/uploads/*"},
    "SweeperFunction": OF_A_BATCH | {"<Bucket.Arn>/uploads/*", "<Bucket.Arn>/inbox/*"},
    "FinalizerFunction": {"<Bucket.Arn>/archives/*"},
    "IntakeFunction": {
        "<Bucket.Arn>/uploads/*",
        "<Bucket.Arn>/outbox/*.error.json",
    },
}
PROVIDERS = ["ReplicateSecretArn", "RunpodSecretArn", "FalSecretArn"]
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:replicate-AbCdEf"


def as_list(value: object) -> list[str]:
    return [value] if isinstance(value, str) else list(value)  # type: ignore[call-overload]


def allowed(template: Rendered, logical: str, action: str) -> set[str]:
    """The resources a function or state machine may do something with."""
    return {
        resource
        for statement in template.statements(logical)
        if action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


def every_statement(template: Rendered) -> list[tuple[str, Node]]:
    owners = [*template.functions, "FinalizerStateMachine"]
    return [(logical, s) for logical in owners for s in template.statements(logical)]


@pytest.mark.slow
def test_actions_are_named_one_by_one(production: Rendered) -> None:
    for owner, statement in every_statement(production):
        assert not [a for a in as_list(statement["Action"]) if "*" in a], owner


def test_only_actions_without_a_resource_are_allowed_on_all(production: Rendered) -> None:
    on_all = [
        (owner, as_list(statement["Action"]))
        for owner, statement in every_statement(production)
        if "*" in as_list(statement["Resource"])
    ]

    found = dict(on_all)
    assert found.keys() == {"ApiFunction", "FinalizerStateMachine"}
    assert found["ApiFunction"] == ["lambda:GetAccountSettings"]
    assert all(action.startswith("logs:") for action in found["FinalizerStateMachine"])


def test_every_function_writes_into_its_own_log_alone(production: Rendered) -> None:
    """SAM's policy for logs names every one; what is denied wins."""
    for function, properties in production.functions.items():
        [denied] = production.denials(function)
        group = properties["LoggingConfig"]["LogGroup"]
        assert denied == {
            "Effect": "Deny",
            "Action": "logs:*",
            "NotResource": f"arn:aws:logs:eu-west-1:123456789012:log-group:{group}*",
        }


def test_objects_are_reached_by_prefix(production: Rendered) -> None:
    of_the_bucket = {"s3:ListBucket", "s3:ListBucketMultipartUploads"}
    for owner, statement in every_statement(production):
        for action in as_list(statement["Action"]):
            if action.startswith("s3:") and action not in of_the_bucket:
                for resource in as_list(statement["Resource"]):
                    folder, *_, last = resource.removeprefix("<Bucket.Arn>/").split("/")
                    assert folder in FOLDERS, owner
                    assert last in {"*", "*.error.json", "models.toml"}, owner


def test_the_bucket_is_listed_under_known_prefixes_only(
    production: Rendered,
) -> None:
    for owner, statement in every_statement(production):
        if "s3:ListBucket" in as_list(statement["Action"]):
            [(kind, condition)] = statement["Condition"].items()
            reached = {f"<Bucket.Arn>/{prefix}" for prefix in as_list(condition["s3:prefix"])}
            used = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject")
            assert reached <= set().union(*(allowed(production, owner, a) for a in used)), owner
            # IfExists would let a request without any prefix list the whole bucket.
            assert kind == "StringLike", owner


def test_objects_are_deleted_by_prefix(production: Rendered) -> None:
    for function in production.functions:
        may_delete = allowed(production, function, "s3:DeleteObject")
        assert may_delete == DELETED_BY.get(function, set()), function


def test_the_model_overlay_is_read_where_batches_are_planned(production: Rendered) -> None:
    """Only the account's administrators write it."""
    about = {
        (owner, action, resource)
        for owner, statement in every_statement(production)
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
        if resource.startswith(("<Bucket.Arn>/*", "<Bucket.Arn>/c"))
    }

    assert about == {
        (function, "s3:GetObject", "<Bucket.Arn>/config/models.toml")
        for function in ("ApiFunction", "IntakeFunction")
    }


def test_only_the_sweeper_may_scan_the_table(production: Rendered) -> None:
    used = {"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"}
    used |= {"BatchWriteItem"}
    for owner, statement in every_statement(production):
        for action in as_list(statement["Action"]):
            if action.startswith("dynamodb:"):
                may = used | ({"Scan"} if owner == "SweeperFunction" else set())
                assert action.removeprefix("dynamodb:") in may, owner


def test_the_watchers_function_writes_its_own_records_alone(production: Rendered) -> None:
    statements = production.statements("ProgressFunction")
    actions = {a for s in statements for a in as_list(s["Action"])}
    [writing] = [s for s in statements if s["Action"] == "dynamodb:UpdateItem"]
    partition, _ = keys.watchers("ann")
    [[condition, context]] = writing["Condition"].items()

    assert condition == "ForAllValues:StringLike"
    assert fnmatchcase(partition, context["dynamodb:LeadingKeys"])
    assert actions - {"dynamodb:UpdateItem"} <= {
        "dynamodb:GetItem",
        "dynamodb:BatchGetItem",
        "dynamodb:Query",
        "s3:GetObject",
    }


def test_no_queue_is_a_sam_function_event(
    production: Rendered,
) -> None:
    events = [e for f in production.functions.values() for e in f.get("Events", {}).values()]

    assert {event["Type"] for event in events} == {"Schedule"}
    mapped = production.of_type("AWS::Lambda::EventSourceMapping").values()
    for mapping in mapped:
        reader, queue = mapping["FunctionName"].strip("<>"), mapping["EventSourceArn"]
        for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
            assert queue in allowed(production, reader, f"sqs:{action}"), reader
    assert len(mapped) == 4


def test_the_page_has_no_rights_and_no_layer(production: Rendered) -> None:
    assert not production.statements("WebFunction")
    assert "Layers" not in production["WebFunction"]


def test_policies_use_only_known_iam_actions(production: Rendered) -> None:
    """The batch calls of SQS are allowed by the action of the single call."""
    for owner, statement in every_statement(production):
        actions = as_list(statement["Action"])
        assert not [a for a in actions if a.startswith("sqs:") and a.endswith("Batch")], owner


@pytest.mark.parametrize(
    ("arn", "taken"),
    [
        (SECRET, True),
        (SECRET.replace("arn:aws:", "arn:aws-cn:").replace("replicate", "prod/keys+a=b.c@d"), True),
        ("", True),
        (SECRET.removesuffix("-AbCdEf"), False),
        (SECRET.removesuffix("f"), False),
        ("replicate", False),
    ],
)
@pytest.mark.parametrize("parameter", PROVIDERS)
def test_a_secret_is_named_by_its_whole_arn(
    production: Rendered, parameter: str, arn: str, taken: bool
) -> None:
    """A policy with a partial ARN refuses the secret that GetSecretValue finds by it."""
    pattern = production.source["Parameters"][parameter]["AllowedPattern"]

    assert bool(re.fullmatch(pattern, arn)) is taken


def test_only_who_reads_providers_secrets_may_use_their_key(production: Rendered) -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    template = Rendered(ReplicateSecretArn=SECRET, SecretsKeyArn=key)
    users = {f for f in template.functions if allowed(template, f, "kms:Decrypt") == {key}}

    assert users == {"ApiFunction", "WorkerFunction", "DeadLetterFunction"}
    assert not any(allowed(production, f, "kms:Decrypt") for f in production.functions)


@pytest.mark.parametrize("parameter", PROVIDERS)
def test_only_functions_calling_providers_read_their_keys(parameter: str) -> None:
    template = Rendered(**{parameter: SECRET})
    readers = {
        function
        for function in template.functions
        if allowed(template, function, "secretsmanager:GetSecretValue") & {SECRET}
    }

    assert readers == {"WorkerFunction", "DeadLetterFunction", "ApiFunction"}


def test_without_a_providers_key_nobody_may_read_one(production: Rendered) -> None:
    for function in ("WorkerFunction", "DeadLetterFunction"):
        secrets = allowed(production, function, "secretsmanager:GetSecretValue")
        assert all(secret.startswith("<") for secret in secrets)


@pytest.mark.parametrize(
    ("secret", "variable", "reading"),
    [
        ("WebhookSecret", "WEBHOOK_SECRET_ARN", {"FinalizerFunction", "ApiFunction"}),
        ("SigningSecret", "SIGNING_SECRET_ARN", {"ApiFunction"}),
    ],
)
def test_stack_secrets_are_readable_only_where_needed(
    production: Rendered, secret: str, variable: str, reading: set[str]
) -> None:
    readers = {
        function
        for function in production.functions
        if f"<{secret}.Id>" in allowed(production, function, "secretsmanager:GetSecretValue")
    }
    told = {f for f in production.functions if variable in production.environment(f)}

    assert readers == told == reading


@pytest.mark.parametrize("secret", ["WebhookSecret", "SigningSecret"])
def test_stack_secret_is_48_bytes_in_base64(production: Rendered, secret: str) -> None:
    made = production[secret]["GenerateSecretString"]

    assert made["PasswordLength"] == 64
    assert made["ExcludePunctuation"] is True
    assert set(string.punctuation) == set(made["ExcludeCharacters"])


def test_the_state_machine_calls_the_finalizer_alone(production: Rendered) -> None:
    machine = "FinalizerStateMachine"

    assert allowed(production, machine, "lambda:InvokeFunction") == {"<FinalizerFunction.Arn>"}
