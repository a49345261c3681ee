"""`make deploy` as a person runs it, against an account whose quota allows no reservation."""

import os
import pty
import re
import select
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import boto3
import pytest

from deploy.machine import objects
from local import paths
from local.config import ACCESS_KEY, SECRET_KEY, free_port
from local.emulator import Emulator

BUILD = paths.ROOT / ".aws-sam" / "build"
SILENCE = 300
"""Seconds within which a deploy prints something."""
ACCOUNT = "000000000000"
README = (paths.ROOT / "README.md").read_text("utf-8")
QUESTION = re.compile(r"[^\n]*\[[^\]\n]*\]: $")
"""A prompt of SAM ends with the choices or the default."""
ANSWERS = {"Save arguments": "n", "Disable rollback": "n", "[y/N]": "y"}
"""What is typed where the default is not taken: the repository is not written to."""


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A new account's address."""
    home = tmp_path_factory.mktemp("deploy") / "emulator"
    emulator = Emulator(free_port(), home, account_concurrency=10)
    emulator.start()
    yield f"http://127.0.0.1:{emulator.port}"
    emulator.stop()


def environment(account: str, **more: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name != "ARCHITECTURE"}
    return {
        **inherited,
        "AWS_ENDPOINT_URL": account,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_DEFAULT_REGION": "us-east-1",
        **more,
    }


def deploy(account: str) -> str:
    """What a deploy prints that stops before it changes anything."""
    given = environment(account, AWS_REGION="eu-west-1")
    done = subprocess.run(
        ["make", "deploy", "ARGS=--no-execute-changeset"],
        cwd=paths.ROOT, env=given, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def change_sets(account: str, region: str) -> list[dict[str, Any]]:
    client = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=region).client(
        "cloudformation", endpoint_url=account
    )
    stacks = {s["StackName"] for s in client.list_stacks()["StackSummaries"]}
    if "imagebatch" not in stacks:
        return []
    [summary] = client.list_change_sets(StackName="imagebatch")["Summaries"]
    found: dict[str, Any] = client.describe_change_set(
        StackName="imagebatch", ChangeSetName=summary["ChangeSetId"]
    )
    return [found]


def test_a_deploy_goes_where_aws_region_says(account: str) -> None:
    printed = deploy(account)

    assert f"account {ACCOUNT}, region eu-west-1, architecture arm64" in printed
    assert "quota of 10" in printed
    assert change_sets(account, "us-east-1") == []
    [changes] = change_sets(account, "eu-west-1")
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in changes["Parameters"]}
    assert parameters["Architecture"] == "arm64"
    assert (parameters["ReservedConcurrency"], parameters["ProgressConcurrency"]) == ("0", "0")
    assert built_for(printed) == {"arm64"}


def built_for(printed: str) -> set[str]:
    found = list(objects(BUILD))
    told = re.search(r"(\d+) shared objects, all of them for", printed)
    assert told
    assert int(told[1]) == len(found) > 10
    return {machine for _, machine in found}


class Terminal:
    """A command at a terminal of its own, whose questions are answered."""

    def __init__(self, command: str, env: dict[str, str]) -> None:
        self.printed, self.asked = "", 0
        self._end, theirs = pty.openpty()
        self._process = subprocess.Popen(
            shlex.split(command),
            cwd=paths.ROOT, env=env, stdin=theirs, stdout=theirs, stderr=theirs,
        )  # fmt: skip
        os.close(theirs)

    def run(self) -> int:
        with suppress(OSError):  # how a terminal says that nobody writes to it any more
            while some := self._read():
                self.printed += some.decode(errors="replace").replace("\r\n", "\n")
                if asked := QUESTION.search(self.printed, self.asked):
                    self.asked = len(self.printed)
                    os.write(self._end, self._answer(asked[0]).encode())
        os.close(self._end)
        return self._process.wait(60)

    def _read(self) -> bytes:
        ready, _, _ = select.select([self._end], [], [], SILENCE)
        assert ready, f"no word for {SILENCE} s: {self.printed[-2000:]}"
        return os.read(self._end, 65_536)

    def _answer(self, question: str) -> str:
        return next((a for part, a in ANSWERS.items() if part in question), "") + "\n"


def test_the_readmes_deploy_makes_the_stack(account: str) -> None:
    """For x86_64, which is not the default: the build is for the architecture that is deployed."""
    section = README.split("\n## Deploy it\n")[1].split("\n## ")[0]
    [command] = re.findall(r"^```\n(.*?)\n```", section, re.MULTILINE | re.DOTALL)
    given = environment(account, AWS_REGION="eu-central-1", ARCHITECTURE="x86_64")
    terminal = Terminal(command, given)

    assert terminal.run() == 0, terminal.printed
    assert built_for(terminal.printed) == {"x86_64"}
    client = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name="eu-central-1").client(
        "cloudformation", endpoint_url=account
    )
    [stack] = client.describe_stacks(StackName="imagebatch")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    told = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert told["ApiUrl"] in terminal.printed
