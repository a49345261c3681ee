"""`python -m deploy [options of sam deploy]`, run by `make deploy ARGS=...`."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from tempfile import TemporaryDirectory

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from deploy.account import concurrency, deployed_parameters, left_out, reservations
from deploy.machine import WrongMachineError, check
from deploy.options import OVERRIDES, Options
from local import paths
from local.build import sam_environment, template_parameters

ARCHITECTURES = ("arm64", "x86_64")
BUILD = paths.ROOT / ".aws-sam" / "build"


class DeployError(Exception):
    """Nothing was deployed; the text says what to do."""


def main(words: Sequence[str]) -> int:
    try:
        return deploy(Options.parse(words, paths.ROOT / "samconfig.toml"), os.environ)
    except (DeployError, WrongMachineError) as error:
        print(error, file=sys.stderr)
    except (BotoCoreError, ClientError) as error:
        print(f"AWS did not answer as expected: {error}", file=sys.stderr)
    return 1


def deploy(options: Options, environment: Mapping[str, str]) -> int:
    region = options.region(environment, profile_region(options.profile, environment))
    if region is None:
        raise DeployError("No region: set AWS_REGION, or a region in your AWS profile.")
    session = boto3.Session(profile_name=options.profile, region_name=region)
    known = deployed_parameters(session.client("cloudformation"), options.stack)
    architecture = architecture_of(options.parameters, known, environment)
    account = session.client("sts").get_caller_identity()["Account"]
    print(f"account {account}, region {region}, architecture {architecture}, stack {options.stack}")
    limits = concurrency(session.client("lambda"), known)
    deployed = {name: value for name, value in known.items() if name not in left_out(known)}
    wanted = {**template_parameters(), **deployed, **options.parameters}
    chosen, remark = reservations(limits, wanted, options.parameters)
    print(remark, flush=True)
    return build_and_deploy(options, region, {**options.parameters, **chosen}, architecture)


def build_and_deploy(
    options: Options, region: str, parameters: Mapping[str, str], architecture: str
) -> int:
    given = {**parameters, "Architecture": architecture}
    for_the_build = [OVERRIDES, f"Architecture={architecture}"]
    if code := sam(["build", "--parallel", *for_the_build], region, architecture):
        return code
    print(
        f"{check(BUILD, architecture)} shared objects, all of them for {architecture}", flush=True
    )
    overrides = [f"{name}={shlex.quote(value)}" for name, value in given.items()]
    words = ["deploy", *options.arguments, "--region", region, OVERRIDES, *overrides]
    return sam(words, region, architecture)


def architecture_of(
    given: Mapping[str, str], deployed: Mapping[str, str], environment: Mapping[str, str]
) -> str:
    """ARCHITECTURE, otherwise the parameter as given, as deployed, or the template's default."""
    asked, parameter = environment.get("ARCHITECTURE"), given.get("Architecture")
    if asked and parameter and asked != parameter:
        raise DeployError(f"ARCHITECTURE is {asked} and the parameter Architecture is {parameter}.")
    known = deployed.get("Architecture") or template_parameters()["Architecture"]
    chosen = asked or parameter or known
    if chosen not in ARCHITECTURES:
        raise DeployError(f"ARCHITECTURE is {' or '.join(ARCHITECTURES)}, not {chosen}.")
    return chosen


def profile_region(profile: str | None, environment: Mapping[str, str]) -> str | None:
    """The region in the profile itself, which AWS_DEFAULT_REGION hides from the SDK."""
    session = boto3.Session(profile_name=profile)
    name = profile or environment.get("AWS_PROFILE") or "default"
    region = session._session.full_config.get("profiles", {}).get(name, {}).get("region")  # noqa: SLF001 - no public way leads past the variable
    return str(region) if region else None


def sam(words: Sequence[str], region: str, architecture: str) -> int:
    """Run SAM with its output and prompts on the terminal."""
    with TemporaryDirectory(prefix="sam-") as scratch:
        environment = {
            **sam_environment(),
            "TMPDIR": scratch,
            "ARCHITECTURE": architecture,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
        }
        # The layers' Makefiles take an empty value for this machine, which is wrong for a deploy.
        environment.pop("PYTHON_PLATFORM", None)
        command = [paths.script(".venv-sam", "sam"), *words]
        return subprocess.run(command, cwd=paths.ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
