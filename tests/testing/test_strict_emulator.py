"""The emulator refuses what AWS refuses: each rule of testing/emulator, and what keeps to it."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from local.config import free_port
from local.deploy import session
from local.emulator import Emulator
from testing.emulator.uploads import MIN_PART_BYTES
from testing.scenario import until

FEEDS_ITS_QUEUE = """
import boto3, json, os
def handler(event, context):
    [record] = event["Records"]
    hops = json.loads(record["body"]) + 1
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=os.environ["SEEN"], MessageBody=str(hops))
    if hops < 20:
        entry = {"Id": "0", "MessageBody": str(hops)}
        sqs.send_message_batch(QueueUrl=os.environ["ITEMS"], Entries=[entry])
"""
TAKES_ITS_TIME = """
import boto3, os, time
def handler(event, context):
    time.sleep(3)
    boto3.client("sqs").send_message(QueueUrl=os.environ["SEEN"], MessageBody="done")
"""
RETURNS_WHAT_IT_RECEIVES = """
import json
def handler(event, context):
    [record] = event["Records"]
    return json.loads(record["body"])
"""
ANSWERS = """
import time
def handler(event, context):
    if event.get("rawPath", "").startswith("/slow/"):
        time.sleep(5)
    if event.get("rawPath", "").startswith("/broken/"):
        raise RuntimeError("a secret of the function")
    if event.get("bytes"):
        return {"statusCode": 200, "body": "x" * event["bytes"]}
    return {"statusCode": 204, "headers": {"x-routed": event["requestContext"]["http"]["method"]}}
"""
pytestmark = pytest.mark.slow
"""It starts an emulator."""

ALLOWED = [("sqs:SendMessage", "*"), ("logs:*", "*")]


class Aws:
    """An emulator of its own, without the product's template."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        made = session()
        self.client = cache(partial(made.client, endpoint_url=self.url))

    def queue(self, name: str) -> str:
        return str(self.client("sqs").create_queue(QueueName=name)["QueueUrl"])

    def function(self, name: str, code: str, **variables: str) -> str:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("app.py", code)
        made = self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="app.handler",
            Role=self._role(name),
            Timeout=20,
            Code={"ZipFile": archive.getvalue()},
            Environment={"Variables": variables},
        )
        return str(made["FunctionArn"])

    def signed_in(self, name: str, *allowed: tuple[str, str], service: str = "s3") -> Any:
        """A client that may do this and no more."""
        role = self._role(name, *allowed)
        given = self.client("sts").assume_role(RoleArn=role, RoleSessionName=name)["Credentials"]
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )

    def _role(self, name: str, *allowed: tuple[str, str]) -> str:
        iam = self.client("iam")
        trusted = {"Service": "lambda.amazonaws.com"}
        trust = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
        if allowed:
            trust["Principal"] = {"AWS": "*"}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]
        may = [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in allowed or ALLOWED]
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*may))
        return str(role["Arn"])


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    emulator = Emulator(free_port(), tmp_path_factory.mktemp("strict") / "emulator")
    emulator.start()
    yield Aws(emulator.port)
    emulator.stop()


@pytest.fixture(scope="module", autouse=True)
def backlogs(emulated: Aws) -> dict[str, "Backlog"]:
    """They begin with the first test and are over by the time that the last ones ask."""
    scaling = {"MaximumConcurrency": 2}
    return {
        "over-polled": Backlog(emulated, "over-polled"),
        "in step": Backlog(emulated, "in-step", ScalingConfig=scaling),
    }


class Loop:
    """A function that sends itself 20 messages in turn, and what it says of each."""

    def __init__(self, aws: Aws, name: str, recursion: str) -> None:
        self.aws, self.items, self.seen = aws, aws.queue(f"{name}-items"), aws.queue(f"{name}-seen")
        aws.function(name, FEEDS_ITS_QUEUE, ITEMS=self.items, SEEN=self.seen)
        client = aws.client("lambda")
        client.put_function_recursion_config(FunctionName=name, RecursiveLoop=recursion)
        arn = aws.client("sqs").get_queue_attributes(
            QueueUrl=self.items, AttributeNames=["QueueArn"]
        )["Attributes"]["QueueArn"]
        client.create_event_source_mapping(FunctionName=name, EventSourceArn=arn, BatchSize=1)
        aws.client("sqs").send_message(QueueUrl=self.items, MessageBody="0")

    def hops(self, until: Callable[[int, int], bool]) -> int:
        """How many invocations ran, once `until` holds of them and of the messages in flight."""
        deadline = time.monotonic() + 60
        while not until(ran := self._count(self.seen), self._in_flight()):
            assert time.monotonic() < deadline, f"{ran} invocations"
            time.sleep(0.1)
        return ran

    def _count(self, queue: str) -> int:
        return self._attribute(queue, "ApproximateNumberOfMessages")

    def _in_flight(self) -> int:
        return self._attribute(self.items, "ApproximateNumberOfMessagesNotVisible")

    def _attribute(self, queue: str, name: str) -> int:
        found = self.aws.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=[name])
        return int(found["Attributes"][name])


def test_the_17th_invocation_of_a_chain_is_refused(emulated: Aws) -> None:
    loop = Loop(emulated, "stopped", "Terminate")
    # The 17th message was taken, is not worked on and stays in flight.
    assert loop.hops(lambda ran, in_flight: ran >= 16 and in_flight == 1) == 16
    metrics = partial(
        emulated.client("cloudwatch").list_metrics, MetricName="RecursiveInvocationsDropped"
    )
    [told] = until("the stop is counted", lambda: metrics()["Metrics"])
    assert told["Dimensions"] == [{"Name": "FunctionName", "Value": "stopped"}]


def test_a_function_that_allows_its_loop_is_never_stopped(emulated: Aws) -> None:
    loop = Loop(emulated, "allowed", "Allow")
    assert loop.hops(lambda ran, _: ran == 20) == 20


class Backlog:
    """Four messages at once for a function with two places, which it holds for a while."""

    def __init__(self, aws: Aws, name: str, **scaling: Any) -> None:
        sqs = aws.client("sqs")
        self.aws, self.seen, self.dead = aws, aws.queue(f"{name}-seen"), aws.queue(f"{name}-dead")
        items = aws.queue(f"{name}-items")
        redrive = {"deadLetterTargetArn": self._arn(self.dead), "maxReceiveCount": 1}
        attributes = {"VisibilityTimeout": "20", "RedrivePolicy": json.dumps(redrive)}
        sqs.set_queue_attributes(QueueUrl=items, Attributes=attributes)
        aws.function(name, TAKES_ITS_TIME, SEEN=self.seen)
        client = aws.client("lambda")
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
        for number in range(4):
            sqs.send_message(QueueUrl=items, MessageBody=str(number))
        client.create_event_source_mapping(
            FunctionName=name, EventSourceArn=self._arn(items), BatchSize=1, **scaling
        )
        self.items = items

    def ended(self) -> tuple[int, int]:
        """How many messages were worked on, and how many never were, once none is left."""
        until("none is left", lambda: not sum(self._counts(self.items)))
        return self._counts(self.seen)[0], self._counts(self.dead)[0]

    def _arn(self, queue: str) -> str:
        return str(self._attributes(queue)["QueueArn"])

    def _counts(self, queue: str) -> tuple[int, int]:
        found = self._attributes(queue)
        hidden = found["ApproximateNumberOfMessagesNotVisible"]
        return int(found["ApproximateNumberOfMessages"]), int(hidden)

    def _attributes(self, queue: str) -> dict[str, str]:
        sqs = self.aws.client("sqs")
        answer = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])
        return dict(answer["Attributes"])


READ_AS_SUCCESS = [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}]
READ_AS_FAILURE = [
    "no object",
    [1],
    *(
        {"batchItemFailures": [failure]}
        for failure in ({"itemIdentifier": each} for each in ("", None, "of no message"))
    ),
    {"batchItemFailures": [{"messageId": "misnamed"}]},
]


def test_unreadable_batch_response_fails_its_messages(emulated: Aws) -> None:
    sqs = emulated.client("sqs")
    items, dead = emulated.queue("responses"), emulated.queue("responses-dead")
    everything = partial(sqs.get_queue_attributes, AttributeNames=["All"])
    arn, dead_arn = (everything(QueueUrl=each)["Attributes"]["QueueArn"] for each in (items, dead))
    redrive = {"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1}
    attributes = {"VisibilityTimeout": "20", "RedrivePolicy": json.dumps(redrive)}
    sqs.set_queue_attributes(QueueUrl=items, Attributes=attributes)
    emulated.function("responds", RETURNS_WHAT_IT_RECEIVES)
    bodies = [json.dumps(each) for each in (*READ_AS_SUCCESS, *READ_AS_FAILURE)]
    for body in bodies:
        sqs.send_message(QueueUrl=items, MessageBody=body)
    emulated.client("lambda").create_event_source_mapping(
        FunctionName="responds",
        EventSourceArn=arn,
        BatchSize=1,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    kept: list[str] = []

    def all_kept() -> bool:
        found = sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10, VisibilityTimeout=600)
        kept.extend(message["Body"] for message in found.get("Messages", []))
        counts = everything(QueueUrl=items)["Attributes"]
        left = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return not any(int(counts[name]) for name in left)

    until("none is left", all_kept)
    all_kept()
    assert sorted(kept) == sorted(map(json.dumps, READ_AS_FAILURE))


def test_tenant_that_takes_the_consumers_time_comes_last(emulated: Aws) -> None:
    sqs, queue = emulated.client("sqs"), emulated.queue("fair")

    def send(tenant: str, count: int = 1) -> None:
        for _ in range(count):
            sqs.send_message(QueueUrl=queue, MessageBody=tenant, MessageGroupId=tenant)

    def receive() -> str:
        return str(sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"])

    send("large", 2)
    assert receive() == "large"
    send("small")
    assert [receive(), receive()] == ["small", "large"]


def test_transaction_repeated_under_its_token_is_recognized(emulated: Aws) -> None:
    """Of numbers that the table keeps in a shorter form, too."""
    client = emulated.client("dynamodb")
    client.create_table(
        TableName="tokens",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"pk": {"S": "a"}, "cost": {"N": "0.0"}, "costs": {"L": [{"N": "1.50"}]}}
    put = {"Put": {"TableName": "tokens", "Item": item}}
    write = partial(client.transact_write_items, TransactItems=[put])

    write(ClientRequestToken="one")
    write(ClientRequestToken="one")

    item["cost"] = {"N": "0.1"}
    with pytest.raises(ClientError, match="IdempotentParameterMismatchException"):
        write(ClientRequestToken="one")


@pytest.fixture(scope="module")
def api(emulated: Aws) -> Iterator[httpx.Client]:
    """`ANY /kept/{proxy+}` with an authorizer and `OPTIONS /open/{proxy+}` without."""
    arn = emulated.function("answers", ANSWERS)
    client = emulated.client("apigatewayv2")
    cors = {"AllowOrigins": ["https://shop.example"], "AllowMethods": ["GET", "PUT"]}
    made = client.create_api(Name="api", ProtocolType="HTTP", CorsConfiguration=cors)["ApiId"]
    client.create_stage(ApiId=made, StageName="$default", AutoDeploy=True)
    integration, impatient = (
        client.create_integration(
            ApiId=made,
            IntegrationType="AWS_PROXY",
            IntegrationUri=arn,
            PayloadFormatVersion="2.0",
            TimeoutInMillis=milliseconds,
        )["IntegrationId"]
        for milliseconds in (30_000, 500)
    )
    token = client.create_authorizer(
        ApiId=made,
        Name="token",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": "https://issuer.example", "Audience": ["api"]},
    )["AuthorizerId"]
    guarded = {"AuthorizationType": "JWT", "AuthorizerId": token}
    for key, leads_to, more in (
        ("ANY /kept/{proxy+}", integration, guarded),
        ("OPTIONS /open/{proxy+}", integration, {}),
        ("GET /slow/{proxy+}", impatient, {}),
        ("GET /broken/{proxy+}", integration, {}),
    ):
        target = f"integrations/{leads_to}"
        client.create_route(ApiId=made, RouteKey=key, Target=target, **more)
    emulated.client("lambda").add_permission(
        FunctionName="answers",
        StatementId="gateway",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    address = f"{emulated.url}/_aws/execute-api/{made}/$default"
    with httpx.Client(base_url=address, timeout=30) as asking:
        yield asking


def ask(api: httpx.Client, path: str) -> httpx.Response:
    wanted = {"Origin": "https://shop.example", "Access-Control-Request-Method": "PUT"}
    return api.options(path, headers=wanted)


def test_a_preflight_request_meets_the_authorizer_of_its_route(api: httpx.Client) -> None:
    answer = ask(api, "/kept/thing")
    assert answer.status_code == 401
    assert "access-control-allow-methods" not in answer.headers


def test_a_preflight_request_is_answered_by_its_routes_integration(api: httpx.Client) -> None:
    answer = ask(api, "/open/thing")
    assert (answer.status_code, answer.headers["x-routed"]) == (204, "OPTIONS")
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert answer.headers["access-control-allow-methods"] == "GET,PUT"


def test_without_a_route_the_gateway_answers_a_preflight_itself(api: httpx.Client) -> None:
    answer = ask(api, "/elsewhere")
    assert answer.status_code == 204
    assert "x-routed" not in answer.headers


def test_a_path_with_a_line_break_finds_its_route(api: httpx.Client) -> None:
    answer = ask(api, "/open/thing%0A")
    assert (answer.status_code, answer.headers["x-routed"]) == (204, "OPTIONS")


def test_gateway_times_out_a_slow_function(api: httpx.Client) -> None:
    answer = api.get("/slow/thing")
    assert (answer.status_code, answer.json()) == (503, {"message": "Service Unavailable"})


def test_gateway_hides_the_error_of_a_function(api: httpx.Client) -> None:
    answer = api.get("/broken/thing")
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})


def test_throttled_function_is_a_gateway_server_error(emulated: Aws, api: httpx.Client) -> None:
    client = emulated.client("lambda")
    client.put_function_concurrency(FunctionName="answers", ReservedConcurrentExecutions=0)
    assert ask(api, "/open/thing").status_code == 503
    client.delete_function_concurrency(FunctionName="answers")
    assert ask(api, "/open/thing").status_code == 204


def test_an_answer_over_6_megabytes_is_an_error(emulated: Aws) -> None:
    emulated.function("talks", ANSWERS)
    client = emulated.client("lambda")

    def invoke(size: int) -> dict[str, Any]:
        payload = json.dumps({"bytes": size}).encode()
        answer = client.invoke(FunctionName="talks", Payload=payload)
        with answer["Payload"] as body:
            return dict(json.load(body))

    assert len(invoke(6_200_000)["body"]) == 6_200_000
    assert invoke(6_300_000)["errorType"] == "Function.ResponseSizeTooLarge"


class PartedUpload:
    """An upload in parts to a bucket that holds `source`."""

    def __init__(self, aws: Aws, client: Any = None) -> None:
        self.s3 = client or aws.client("s3")
        self.where = {"Bucket": "parted", "Key": "made"}
        aws.client("s3").create_bucket(Bucket="parted")
        body = b"x" * 2 * MIN_PART_BYTES
        self.etag = aws.client("s3").put_object(Bucket="parted", Key="source", Body=body)["ETag"]
        made = aws.client("s3").create_multipart_upload(**self.where)
        self.where["UploadId"] = made["UploadId"]

    def put(self, number: int, size: int) -> dict[str, Any]:
        body = b"x" * size
        answer = self.s3.upload_part(**self.where, PartNumber=number, Body=body)
        return {"PartNumber": number, "ETag": answer["ETag"]}

    def copy(self, number: int, size: int, etag: str = "") -> dict[str, Any]:
        answer = self.s3.upload_part_copy(
            **self.where,
            PartNumber=number,
            CopySource={"Bucket": "parted", "Key": "source"},
            CopySourceIfMatch=etag or self.etag,
            CopySourceRange=f"bytes=0-{size - 1}",
        )
        return {"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]}

    def complete(self, *parts: dict[str, Any]) -> None:
        self.s3.complete_multipart_upload(**self.where, MultipartUpload={"Parts": list(parts)})


@pytest.mark.parametrize("make", [PartedUpload.put, PartedUpload.copy])
def test_a_part_under_5_mebibytes_is_too_small(
    emulated: Aws, make: Callable[[PartedUpload, int, int], dict[str, Any]]
) -> None:
    upload = PartedUpload(emulated)
    short, last = make(upload, 1, MIN_PART_BYTES - 1), upload.put(2, 1)
    with pytest.raises(ClientError, match="EntityTooSmall"):
        upload.complete(short, last)
    upload.complete(make(upload, 1, MIN_PART_BYTES), last)


def test_a_part_is_copied_from_the_named_version_alone(emulated: Aws) -> None:
    with pytest.raises(ClientError, match="PreconditionFailed"):
        PartedUpload(emulated).copy(1, MIN_PART_BYTES, etag='"another"')


def test_whoever_copies_a_part_may_read_its_source(emulated: Aws) -> None:
    writes = emulated.signed_in("writes", ("s3:PutObject", "*"))
    with pytest.raises(ClientError, match="AccessDenied"):
        PartedUpload(emulated, writes).copy(1, MIN_PART_BYTES)
    both = emulated.signed_in("copies", ("s3:PutObject", "*"), ("s3:GetObject", "*/source"))
    PartedUpload(emulated, both).copy(1, MIN_PART_BYTES)


def test_condition_on_partitions_holds(emulated: Aws) -> None:
    types = {"pk": "HASH", "sk": "RANGE"}
    emulated.client("dynamodb").create_table(
        TableName="records",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in types],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in types.items()],
        BillingMode="PAY_PER_REQUEST",
    )
    action = "dynamodb:UpdateItem"
    client = emulated.signed_in("watches", (action, "*"), service="dynamodb")
    own = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "WATCHERS#*"}}
    may = {"Effect": "Allow", "Action": action, "Resource": "*", "Condition": own}
    emulated.client("iam").put_role_policy(
        RoleName="watches", PolicyName="own", PolicyDocument=policy(may)
    )

    def update(partition: str) -> None:
        key = {"pk": {"S": partition}, "sk": {"S": "PLACES"}}
        client.update_item(TableName="records", Key=key)

    update("WATCHERS#ann")
    with pytest.raises(ClientError, match="AccessDenied"):
        update("PLACES")


def test_pollers_pay_no_regard_to_a_reservation(backlogs: dict[str, Backlog]) -> None:
    """Two of four messages are throttled, which costs them their only receive."""
    assert backlogs["over-polled"].ended() == (2, 2)


def test_pollers_keep_to_the_mappings_maximum(backlogs: dict[str, Backlog]) -> None:
    assert backlogs["in step"].ended() == (4, 0)


def test_100_of_the_accounts_concurrency_stay_unreserved(emulated: Aws) -> None:
    """Takes the reservations of the other functions away, so it comes last."""
    client = emulated.client("lambda")
    for other in client.list_functions()["Functions"]:
        client.delete_function_concurrency(FunctionName=other["FunctionName"])
    for name in ("first", "second"):
        emulated.function(name, ANSWERS)
    client.put_function_concurrency(FunctionName="first", ReservedConcurrentExecutions=800)
    with pytest.raises(ClientError, match=r"below its minimum value of \[100\]"):
        client.put_function_concurrency(FunctionName="second", ReservedConcurrentExecutions=101)
    client.put_function_concurrency(FunctionName="second", ReservedConcurrentExecutions=100)
