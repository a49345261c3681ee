"""The table, the bucket and the queues."""

import pytest

from tests.template.rendering import Rendered

KEPT_FOR_GOOD = {"uploads/", "library/"}

CUSTOM = "https://images.example.com"


def test_table_is_on_demand_with_ttl_and_recovery(production: Rendered) -> None:
    table = production["Table"]

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk", "sk"]


@pytest.mark.parametrize("logical", ["Table", "Bucket", "UserPool"])
def test_what_people_made_outlives_the_stack(production: Rendered, logical: str) -> None:
    assert production.resources[logical]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert production.resources[logical]["UpdateReplacePolicy"] == "Retain"


def test_the_bucket_is_private_encrypted_and_announces_what_arrives(production: Rendered) -> None:
    bucket = production["Bucket"]

    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert bucket["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }


def test_a_batchs_objects_expire_and_an_owners_do_not() -> None:
    rules = Rendered(RetentionDays=30)["Bucket"]["LifecycleConfiguration"]["Rules"]
    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}

    assert expiring == {
        "archives/": 1,
        "batches/": "30",
        "inbox/": "30",
        "outbox/": "30",
        "uploads/incoming/": 1,
    }
    assert not KEPT_FOR_GOOD & expiring.keys()


def test_incomplete_uploads_are_removed_after_a_day(production: Rendered) -> None:
    rules = production["Bucket"]["LifecycleConfiguration"]["Rules"]
    aborting = [rule for rule in rules if "AbortIncompleteMultipartUpload" in rule]

    assert [rule["AbortIncompleteMultipartUpload"] for rule in aborting] == [
        {"DaysAfterInitiation": 1}
    ]
    assert "Prefix" not in aborting[0]


def test_bucket_cors_allows_page_and_allowed_origins_only() -> None:
    page = "https://<HttpApi>.execute-api.eu-west-1.amazonaws.com"

    def origins(template: Rendered) -> list[str]:
        [rule] = template["Bucket"]["CorsConfiguration"]["CorsRules"]
        assert set(rule["AllowedMethods"]) == {"GET", "HEAD", "POST"}
        found: list[str] = rule["AllowedOrigins"]
        return found

    assert origins(Rendered()) == [page]
    two = Rendered(AllowedOrigins="https://a.example,https://b.example")
    assert origins(two) == [page, "https://a.example", "https://b.example"]
    custom = Rendered(PublicOrigin=CUSTOM, AllowedOrigins="https://a.example")
    assert origins(custom) == [page, CUSTOM, "https://a.example"]
    assert origins(Rendered(PublicOrigin=CUSTOM)) == [page, CUSTOM]


def test_bucket_and_queues_refuse_connections_without_tls(production: Rendered) -> None:
    assert production["BucketPolicy"]["Bucket"] == "<Bucket>"
    queues = {f"<{name}>" for name in production.of_type("AWS::SQS::Queue")}
    policies = ("QueuePolicy", "IntakeQueuePolicy")
    assert {queue for policy in policies for queue in production[policy]["Queues"]} == queues
    for policy, action in (("BucketPolicy", "s3:*"), *((each, "sqs:*") for each in policies)):
        statement = production[policy]["PolicyDocument"]["Statement"][-1]
        assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
        assert statement["Action"] == action
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    resources = production["BucketPolicy"]["PolicyDocument"]["Statement"][0]["Resource"]
    assert resources == ["<Bucket.Arn>", "<Bucket.Arn>/*"]


def test_only_an_emulator_is_exempt_from_tls(development: Rendered) -> None:
    assert not {"BucketPolicy", "QueuePolicy"} & development.resources.keys()
    [statement] = development["IntakeQueuePolicy"]["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"


def test_every_queue_is_encrypted(production: Rendered) -> None:
    for queue in production.of_type("AWS::SQS::Queue").values():
        assert queue["SqsManagedSseEnabled"] is True


def test_two_stacks_can_stand_side_by_side(production: Rendered) -> None:
    named = {
        "AWS::Cognito::UserPool": "UserPoolName",
        "AWS::Cognito::UserPoolClient": "ClientName",
        "AWS::CloudWatch::Alarm": "AlarmName",
        "AWS::CloudWatch::Dashboard": "DashboardName",
        "AWS::DynamoDB::Table": "TableName",
        "AWS::S3::Bucket": "BucketName",
        "AWS::SNS::Topic": "TopicName",
        "AWS::SQS::Queue": "QueueName",
        "AWS::Serverless::Function": "FunctionName",
        "AWS::Serverless::LayerVersion": "LayerName",
        "AWS::Serverless::StateMachine": "Name",
    }

    for kind, name in named.items():
        for logical, properties in production.of_type(kind).items():
            assert name not in properties, logical
    groups = production.of_type("AWS::Logs::LogGroup").values()
    assert all("/shop/" in g["LogGroupName"] for g in groups if "LogGroupName" in g)
    assert production["HttpApi"]["Name"] == "shop"
    assert production["UserPoolDomain"]["Domain"] == "imagebatch-1d5f7c1e-b00c"
