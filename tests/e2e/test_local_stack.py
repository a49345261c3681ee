"""What `make up` promises, and what the emulator enforces for the other suites to mean anything."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from botocore.exceptions import ClientError

from local import paths
from local.build import build
from local.config import free_port
from local.emulator import Emulator, EmulatorError, has_ended
from tests.conftest import Aws, Stack

ALWAYS = {
    "apiUrl", "webUrl", "endpointUrl", "region", "accessKeyId", "secretAccessKey", "bucket",
    "table", "itemQueueUrl", "deadLetterQueueUrl", "stateMachineArn", "functions",
}  # fmt: skip


SETTINGS = {
    "MAX_ROWS": "7", "WORKER_TIMEOUT_SECONDS": "20", "DEV_LATENCY": "0",
    "REPLICATE_API_TOKEN": "r8_secret", "REPLICATE_BASE_URL": "http://127.0.0.1:9",
}  # fmt: skip


def listening(port: int) -> set[str]:
    return {
        connection.laddr.ip
        for connection in psutil.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
    }


class TestTheSessionsStack:
    def test_it_is_described_with_everything_a_program_needs(self, stack: Stack) -> None:
        assert stack.keys() >= ALWAYS
        assert "WorkerFunction" in stack["functions"]

    def test_only_this_machine_can_reach_it(self, stack: Stack) -> None:
        assert listening(httpx.URL(stack["endpointUrl"]).port or 0) == {"127.0.0.1"}

    def test_the_functions_know_the_address_they_are_reached_at(
        self, stack: Stack, aws: Aws
    ) -> None:
        found = aws("lambda").get_function_configuration(
            FunctionName=stack["functions"]["ApiFunction"]
        )
        assert found["Environment"]["Variables"]["PUBLIC_URL"] == stack["apiUrl"]

    def test_browsers_and_programs_reach_the_same_api(self, stack: Stack) -> None:
        path_form = httpx.get(f"{stack['apiUrl']}/health", timeout=30)
        host = httpx.URL(stack["webUrl"])
        host_form = httpx.get(
            f"{stack['endpointUrl']}/health",
            headers={"Host": f"{host.host}:{host.port}"},
            timeout=30,
        )
        assert path_form.status_code == host_form.status_code == 200

    def test_function_may_do_only_what_its_role_allows(self, stack: Stack, aws: Aws) -> None:
        table = as_function(stack, aws, "WorkerFunction", "dynamodb")
        key = {"pk": {"S": "nobody"}, "sk": {"S": "nothing"}}
        keys = {stack["table"]: {"Keys": [key]}}
        assert table.batch_get_item(RequestItems=keys)["Responses"] == {stack["table"]: []}
        with pytest.raises(ClientError) as refused:
            table.delete_table(TableName=stack["table"])
        assert refused.value.response["Error"]["Code"] == "AccessDeniedException"

    def test_role_without_its_permission_is_denied(self, stack: Stack, aws: Aws) -> None:
        iam, role = aws("iam"), role_of(stack, aws, "WorkerFunction")
        statement = {"Effect": "Deny", "Action": "dynamodb:BatchGetItem", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        keys = {stack["table"]: {"Keys": [{"pk": {"S": "nobody"}, "sk": {"S": "nothing"}}]}}
        table = as_function(stack, aws, "WorkerFunction", "dynamodb")
        iam.put_role_policy(RoleName=role, PolicyName="taken-away", PolicyDocument=policy)
        try:
            with pytest.raises(ClientError, match="AccessDenied"):
                table.batch_get_item(RequestItems=keys)
        finally:
            iam.delete_role_policy(RoleName=role, PolicyName="taken-away")
        table.batch_get_item(RequestItems=keys)

    def test_properties_ignored_by_emulated_cloudformation_are_set(
        self, stack: Stack, aws: Aws
    ) -> None:
        reserved = aws("lambda").get_function_concurrency(
            FunctionName=stack["functions"]["WorkerFunction"]
        )
        expiry = aws("dynamodb").describe_time_to_live(TableName=stack["table"])
        loop = aws("lambda").get_function_recursion_config(
            FunctionName=stack["functions"]["WorkerFunction"]
        )
        assert reserved["ReservedConcurrentExecutions"] == 3
        assert loop["RecursiveLoop"] == "Allow"
        assert expiry["TimeToLiveDescription"]["AttributeName"] == "ttl"


def role_of(stack: Stack, aws: Aws, function: str) -> str:
    found = aws("lambda").get_function_configuration(FunctionName=stack["functions"][function])
    return str(found["Role"].rpartition("/")[2])


def as_function(stack: Stack, aws: Aws, function: str, service: str) -> Any:
    """A client with the rights of a function's role."""
    role = aws("iam").get_role(RoleName=role_of(stack, aws, function))["Role"]["Arn"]
    session = aws("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    credentials = {
        "accessKeyId": session["AccessKeyId"],
        "secretAccessKey": session["SecretAccessKey"],
        "sessionToken": session["SessionToken"],
    }
    return aws(service, {**stack, **credentials})


class Commands:
    """`python -m local` with a folder and a port of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port

    def __call__(self, command: str, **env: str) -> str:
        own = {"LOCAL_DIR": str(self.folder), "PORT": str(self.port), **env}
        done = subprocess.run(
            [sys.executable, "-m", "local", command],
            cwd=paths.ROOT, env={**os.environ, **own}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def described(self) -> Stack:
        return dict(json.loads((self.folder / "stack.json").read_text()))


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    build()
    commands = Commands(tmp_path_factory.mktemp("local"), free_port())
    try:
        commands("up", **SETTINGS)
        yield commands
    finally:
        commands("down")


class TestMakeUp:
    def test_it_takes_its_settings_from_the_environment(self, started: Commands, aws: Aws) -> None:
        stack = started.described
        found = aws("lambda", stack).get_function_configuration(
            FunctionName=stack["functions"]["WorkerFunction"]
        )
        environment = found["Environment"]["Variables"]
        assert environment["MAX_ROWS"] == "7"
        assert environment["REPLICATE_BASE_URL"] == "http://127.0.0.1:9"
        assert found["Timeout"] == 20

    def test_a_providers_key_is_a_secret_of_the_stack(self, started: Commands, aws: Aws) -> None:
        stack = started.described
        environment = aws("lambda", stack).get_function_configuration(
            FunctionName=stack["functions"]["WorkerFunction"]
        )["Environment"]["Variables"]
        secret = aws("secretsmanager", stack).get_secret_value(
            SecretId=environment["REPLICATE_SECRET_ARN"]
        )
        assert secret["SecretString"] == "r8_secret"
        assert "r8_secret" not in json.dumps(environment)

    def test_visibility_timeout_outlasts_the_worker(self, started: Commands, aws: Aws) -> None:
        stack = started.described
        attributes = aws("sqs", stack).get_queue_attributes(
            QueueUrl=stack["itemQueueUrl"], AttributeNames=["VisibilityTimeout"]
        )["Attributes"]
        assert int(attributes["VisibilityTimeout"]) == 35

    def test_stacks_on_two_ports_are_independent(
        self, started: Commands, stack: Stack, aws: Aws
    ) -> None:
        aws("s3").put_object(Bucket=stack["bucket"], Key="library/only-here", Body=b"x")
        other = started.described
        found = aws("s3", other).list_objects_v2(Bucket=other["bucket"], Prefix="library/")
        assert found["KeyCount"] == 0

    def test_started_again_it_is_the_same_stack(self, started: Commands) -> None:
        emulator = Emulator(started.port, started.folder / str(started.port))
        before, described = emulator.process(), started.described
        output = started("up", **SETTINGS)
        assert described["webUrl"] in output
        assert emulator.process() == before
        assert started.described == described

    def test_emulator_does_not_inherit_the_callers_environment(
        self, started: Commands, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REPLICATE_API_TOKEN", "r8_other")
        process = Emulator(started.port, started.folder / str(started.port)).process()
        assert process is not None
        assert not {"REPLICATE_API_TOKEN", "PYTHONPATH", "VIRTUAL_ENV"} & process.environ().keys()

    def test_make_down_leaves_nothing_behind(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        port = free_port()
        emulator = Emulator(port, tmp_path / "local" / str(port))
        emulator.start()
        process = emulator.process()
        assert process is not None
        family = [process, *process.children(recursive=True)]
        emulator.stop()
        assert all(map(has_ended, family))
        assert not listening(port)
        assert not emulator.home.exists()

    def test_reused_process_id_is_left_alone(self, tmp_path: Path) -> None:
        emulator = Emulator(free_port(), tmp_path / "emulator")
        emulator.home.mkdir()
        emulator.record.write_text(json.dumps({"pid": os.getpid(), "started": 1.0}))
        emulator.stop()
        assert not emulator.home.exists()

    def test_port_of_another_program_is_rejected_with_a_message(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            emulator = Emulator(other.getsockname()[1], tmp_path / "emulator")
            with pytest.raises(EmulatorError, match="taken by another program"):
                emulator.start()
