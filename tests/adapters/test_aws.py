"""The AWS clients of the functions."""

from io import BytesIO

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from urllib3 import HTTPResponse

import imagebatch
from imagebatch.adapters.aws import Clients


def test_every_request_names_the_sdk_and_the_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    clients = Clients("eu-central-1")
    agents: list[str] = []

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        agents.append(request.headers["User-Agent"].decode())
        return AWSResponse(
            request.url, 200, {}, HTTPResponse(body=BytesIO(), preload_content=False)
        )

    for client in (clients.dynamodb, clients.s3):
        client.meta.events.register("before-send", answer)
    clients.dynamodb.delete_item(TableName="t", Key={"pk": {"S": "p"}})
    clients.s3.delete_object(Bucket="b", Key="k")
    assert len(agents) == 2
    for agent in agents:
        assert agent.startswith("Boto3/")
        assert f"app/imagebatch#{imagebatch.__version__}" in agent


def test_put_sends_its_body_without_asking_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    client = Clients("eu-central-1").s3
    sent: list[AWSPreparedRequest] = []

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        sent.append(request)
        return AWSResponse(
            request.url, 200, {}, HTTPResponse(body=BytesIO(), preload_content=False)
        )

    client.meta.events.register("before-send", answer)
    client.put_object(Bucket="b", Key="k", Body=b"image")
    client.upload_part(Bucket="b", Key="k", UploadId="u", PartNumber=1, Body=b"part")
    assert [request.method for request in sent] == ["PUT", "PUT"]
    assert not any("Expect" in request.headers for request in sent)
