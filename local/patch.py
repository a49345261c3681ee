"""Sets through the emulator's APIs what its CloudFormation ignores.

The bucket's lifecycle rules are omitted: the emulator never applies them. testing/emulator enforces
AWS's rules where the emulator is more lenient.
"""

from collections.abc import Mapping
from typing import Any

from local.config import Config
from local.deploy import session


def patch(config: Config, resources: Mapping[str, Any]) -> None:
    _cast_maximum_concurrency_to_int(config)
    _expire_records(config, resources)


def _cast_maximum_concurrency_to_int(config: Config) -> None:
    """A maximum that was a parameter is stored as text, which breaks the poller."""
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
