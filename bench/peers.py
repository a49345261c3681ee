"""Empty functions next to the product's own, behind the same gateway and the same type of queue."""

import io
import json
import time
import zipfile
from typing import Any

from bench.environment import Site, until

ROLE = "bench-peer"
CODE = """
import json, time
def handler(event, context):
    for record in event.get("Records", []):
        time.sleep(float(record["body"]))
    return {"statusCode": 202, "headers": {"content-type": "application/json"}, "body": "{}"}
"""


def _function(site: Site, name: str) -> str:
    """Return its ARN; an existing function is reused."""
    client, iam = site.aws("lambda"), site.aws("iam")
    try:
        return str(client.get_function_configuration(FunctionName=name)["FunctionArn"])
    except client.exceptions.ResourceNotFoundException:
        pass
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        opened.writestr("app.py", CODE)
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    role = f"{ROLE}-{name}"
    arn = iam.create_role(
        RoleName=role, AssumeRolePolicyDocument=_policy({**trust, "Action": "sts:AssumeRole"})
    )["Role"]["Arn"]
    iam.put_role_policy(RoleName=role, PolicyName="all", PolicyDocument=_policy(everything))
    made = client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="app.handler",
        Role=arn,
        Code={"ZipFile": packed.getvalue()},
        MemorySize=1024,
        Timeout=60,
    )
    return str(made["FunctionArn"])


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def empty_route(site: Site) -> str:
    """The path of a route served by an empty function, with the API's own authorizer."""
    arn, client = _function(site, "bench-empty"), site.aws("apigatewayv2")
    api = site.stack["apiUrl"].split("/")[-2]
    routes = client.get_routes(ApiId=api)["Items"]
    known = next(route for route in routes if route["RouteKey"] == "ANY /api/{proxy+}")
    integration = client.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=arn,
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    client.create_route(
        ApiId=api,
        RouteKey="POST /bench/empty",
        Target=f"integrations/{integration}",
        AuthorizationType=known["AuthorizationType"],
        AuthorizerId=known["AuthorizerId"],
    )
    site.aws("lambda").add_permission(
        FunctionName="bench-empty",
        StatementId="gateway",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    return "/bench/empty"


def sleeping_makespan(site: Site, messages: int, seconds: float) -> float:
    """Seconds from the first message to the end of the last sleep, three at a time, warm."""
    queue = _sleeping_queue(site)
    _send(site, queue, 3, 0.0)
    _drained(site, queue)
    start = time.perf_counter()
    _send(site, queue, messages, seconds)
    time.sleep(0.9 * messages / 3 * seconds)
    _drained(site, queue)
    return time.perf_counter() - start


def _sleeping_queue(site: Site) -> str:
    sqs = site.aws("sqs")
    _function(site, "bench-sleeper")
    url = sqs.create_queue(QueueName="bench-sleeper", Attributes={"VisibilityTimeout": "120"})[
        "QueueUrl"
    ]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    client = site.aws("lambda")
    if not client.list_event_source_mappings(FunctionName="bench-sleeper")["EventSourceMappings"]:
        client.create_event_source_mapping(
            EventSourceArn=queue["QueueArn"],
            FunctionName="bench-sleeper",
            BatchSize=1,
            ScalingConfig={"MaximumConcurrency": 3},
        )
    return str(url)


def _send(site: Site, queue: str, messages: int, seconds: float) -> None:
    sqs = site.aws("sqs")
    for first in range(0, messages, 10):
        entries = [
            {"Id": str(n), "MessageBody": str(seconds)}
            for n in range(first, min(first + 10, messages))
        ]
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)


def _drained(site: Site, queue: str) -> None:
    sqs = site.aws("sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def empty() -> bool:
        found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return not any(int(found[name]) for name in names)

    until(empty, every=0.05)
