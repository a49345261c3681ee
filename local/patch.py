"""What the emulator's CloudFormation leaves out, put right through its APIs, here alone.

The bucket's lifecycle rules are left out too: the emulator never acts on them. Where the emulator
is laxer than AWS, testing/emulator makes it strict.
"""

from collections.abc import Mapping
from typing import Any

from local.config import Config
from local.deploy import session


def patch(config: Config, resources: Mapping[str, Any]) -> None:
    _cast_maximum_concurrency_to_int(config)
    _expire_records(config, resources)


def _cast_maximum_concurrency_to_int(config: Config) -> None:
    """A maximum that was a parameter is kept as text, and the poller stumbles over it."""
    client = session().client("lambda", endpoint_url=config.endpoint)
    for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
        if maximum := mapping.get("ScalingConfig", {}).get("MaximumConcurrency"):
            client.update_event_source_mapping(
                UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": int(maximum)}
            )


def _expire_records(config: Config, resources: Mapping[str, Any]) -> None:
    client = session().client("dynamodb", endpoint_url=config.endpoint)
    for resource in resources.values():
        if resource["type"] == "AWS::DynamoDB::Table":
            client.update_time_to_live(
                TableName=resource["name"],
                TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"},
            )
