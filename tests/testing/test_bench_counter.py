"""The proxy of the bench sees, counts and limits what a client sends through it."""

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from bench.counter import Counter
from testing.capacity import PartitionLimit

ITEM = {"pk": {"S": "BATCH#ann#b1"}, "sk": {"S": "BATCH"}}
PUT = {"Put": {"TableName": "table", "Item": ITEM}}


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bodies: ClassVar[list[Any]] = []
    """The records of each BatchWriteItem."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "RequestItems" in asked:
            self.bodies.append(asked["RequestItems"])
        body = json.dumps({}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        pass


@pytest.fixture
def counter() -> Iterator[Counter]:
    Answering.bodies.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    with Counter() as counter:
        counter.upstream = f"http://127.0.0.1:{server.server_port}"
        counter.limit = PartitionLimit(3, lambda: 0.0)
        yield counter
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def client(counter: Counter) -> Any:
    config = Config(retries={"total_max_attempts": 1})
    credentials = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    return boto3.client(
        "dynamodb", endpoint_url=counter.url, region_name="eu-west-1", config=config, **credentials
    )


@pytest.mark.slow
def test_a_write_is_counted_until_its_partition_is_full(counter: Counter, client: Any) -> None:
    client.transact_write_items(TransactItems=[PUT])
    with pytest.raises(ClientError) as raised:
        client.transact_write_items(TransactItems=[PUT])

    reasons = raised.value.response["CancellationReasons"]  # type: ignore[typeddict-item]
    assert reasons[0]["Code"] == "ThrottlingError"
    assert dict(counter.units) == {"dynamodb_write": 2}
    assert counter.limit.throttled == 1


@pytest.mark.slow
def test_records_that_do_not_fit_are_returned_unprocessed(counter: Counter, client: Any) -> None:
    puts = [
        {"PutRequest": {"Item": ITEM | {"sk": {"S": str(n)}, "texts": {"B": b"packed"}}}}
        for n in range(5)
    ]
    answer = client.batch_write_item(RequestItems={"table": puts})

    [written] = Answering.bodies
    assert [each["PutRequest"]["Item"]["sk"]["S"] for each in written["table"]] == ["0", "1", "2"]
    assert written["table"][0]["PutRequest"]["Item"]["texts"] == {
        "B": b64encode(b"packed").decode()
    }
    assert answer["UnprocessedItems"]["table"] == puts[3:]
    assert dict(counter.units) == {"dynamodb_write": 3}
    with pytest.raises(client.exceptions.ClientError, match="ThrottlingException"):
        client.batch_write_item(RequestItems={"table": puts[3:]})
    assert dict(counter.units) == {"dynamodb_write": 3}
