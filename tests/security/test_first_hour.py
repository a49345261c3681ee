"""The first hour of docs/operations.md, as it is printed, on a deployed stack.

What a test cannot do is stood in for: `make deploy` is noted (the stack is there), and signing in
with a browser is test_cli_login.py's. Removing it is not run, as other tests use the stack.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from testing.auth_backends import CognitoPool
from tests.cli.conftest import ROOT, command

PAGE = (ROOT / "docs" / "operations.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE.split("\n## ")[1], re.MULTILINE | re.DOTALL)
AWS = f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m testing.aws_cli "$@"\n'
MAKE = '#!/bin/sh\necho "$@" >> deploys.txt\n'
CHECKS = {"provider key", "models", "queues", "finalizer", "alarm address", "concurrency", "clocks"}


def environment(pool: CognitoPool, home: Path) -> dict[str, str]:
    tools = home / "bin"
    tools.mkdir()
    run = " ".join(command())
    for name, text in {
        "aws": AWS,
        "make": MAKE,
        "imagebatch": f'#!/bin/sh\nexec {run} "$@"\n',
    }.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    stack = pool.stack
    return {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "cli"),
        "AWS_ENDPOINT_URL": stack["endpointUrl"],
        "AWS_DEFAULT_REGION": stack["region"],
        "AWS_ACCESS_KEY_ID": stack["accessKeyId"],
        "AWS_SECRET_ACCESS_KEY": stack["secretAccessKey"],
        "IMAGEBATCH_URL": stack["apiUrl"],
        "IMAGEBATCH_CONFIG_DIR": str(home / "config"),
    }


def run(script: str, env: dict[str, str], home: Path) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=env, cwd=home, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_first_hour_works_as_printed(pool: CognitoPool, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "events", tmp_path / "events")
    (tmp_path / "replicate-token.txt").write_text("r8_of_the_first_hour\n")
    login = next(n for n, block in enumerate(BLOCKS) if "imagebatch login" in block)
    assert "sam delete" in BLOCKS[-1]
    env = environment(pool, tmp_path)

    told = run("".join(BLOCKS[:login]), env, tmp_path)
    assert "https://" in told
    env["IMAGEBATCH_TOKEN"] = pool.token("ada")
    functions = next(block for block in BLOCKS if block.startswith("output()"))
    run(functions + "".join(BLOCKS[login + 1 : -1]), env, tmp_path)

    assert zipfile.is_zipfile(tmp_path / "cars.zip")
    first, second = (tmp_path / "deploys.txt").read_text().splitlines()
    assert "--guided" in first
    assert "ReplicateSecretArn=arn:aws:secretsmanager:" in second
    kept = pool.client("secretsmanager").get_secret_value(SecretId="imagebatch-replicate")
    assert kept["SecretString"] == "r8_of_the_first_hour"
    found = json.loads(run("imagebatch doctor --json", env, tmp_path))
    assert {check["check"] for check in found["checks"]} == CHECKS
    assert not [check for check in found["checks"] if check["health"] in {"problem", "unknown"}]
