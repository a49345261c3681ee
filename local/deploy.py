"""Runs `sam deploy` into the emulator, as it would run against AWS."""

from pathlib import Path

import boto3

from local.build import run_sam, template_parameters
from local.config import ACCESS_KEY, REGION, SECRET_KEY, Config
from local.package import packaged

ARTIFACTS = "sam-artifacts"


def session() -> boto3.Session:
    """The emulator's root user, who has every permission."""
    return boto3.Session(
        aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY, region_name=REGION
    )


def deploy(config: Config, template: Path) -> None:
    session().client("s3", endpoint_url=config.endpoint).create_bucket(Bucket=ARTIFACTS)
    known = template_parameters()
    given = {**config.parameters(), **_secrets(config)}
    given = {name: value for name, value in given.items() if name in known}
    arguments = {
        "--template-file": str(packaged(template)),
        "--stack-name": config.stack,
        "--region": REGION,
        "--s3-bucket": ARTIFACTS,
        "--s3-prefix": config.stack,
        # The emulator uses this tag as the API's ID.
        "--tags": f"ms-custom-id={config.api_id}",
    }
    flags = ["--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"]
    run_sam(
        [
            "deploy",
            *(part for pair in arguments.items() for part in pair),
            *flags,
            "--no-resolve-s3",
            "--capabilities",
            "CAPABILITY_IAM",
            "--parameter-overrides",
            *(f"ParameterKey={name},ParameterValue={value}" for name, value in given.items()),
        ],
        extra={
            "AWS_ENDPOINT_URL": config.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
        },
    )


def _secrets(config: Config) -> dict[str, str]:
    """Store the provider keys in the emulator's Secrets Manager; the template gets their ARNs."""
    client = session().client("secretsmanager", endpoint_url=config.endpoint)
    arns = {}
    for parameter, key in config.keys.items():
        name = f"{config.stack}/{parameter.removesuffix('SecretArn').lower()}"
        try:
            arns[parameter] = client.create_secret(Name=name, SecretString=key)["ARN"]
        except client.exceptions.ResourceExistsException:
            arns[parameter] = client.put_secret_value(SecretId=name, SecretString=key)["ARN"]
    return arns
