"""What the emulator's CloudFormation leaves out, put right through its APIs, here alone.

The bucket's lifecycle rules are left out too: the emulator never acts on them.
"""

from collections.abc import Mapping
from typing import Any

from local.config import Config
from local.deploy import session

RESERVED = {"WorkerFunction": "ReservedConcurrency", "ProgressFunction": "ProgressConcurrency"}
"""Functions with a reserved concurrency, and the template's parameter for it."""

EXPOSED = ["Location", "Retry-After", "Content-Disposition"]


def patch(config: Config, parameters: Mapping[str, str], resources: Mapping[str, Any]) -> None:
    _reserve_concurrency(config, parameters, resources)
    _count_in_numbers(config)
    _expire_records(config, resources)
    if origins := parameters.get("AllowedOrigins"):
        _allow_origins(config, origins.split(","))


def _reserve_concurrency(
    config: Config, parameters: Mapping[str, str], resources: Mapping[str, Any]
) -> None:
    client = session().client("lambda", endpoint_url=config.endpoint)
    for function, parameter in RESERVED.items():
        reserved = int(parameters.get(parameter) or 0)
        if function in resources and reserved:
            client.put_function_concurrency(
                FunctionName=resources[function]["name"], ReservedConcurrentExecutions=reserved
            )


def _count_in_numbers(config: Config) -> None:
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


def _allow_origins(config: Config, origins: list[str]) -> None:
    session().client("apigatewayv2", endpoint_url=config.endpoint).update_api(
        ApiId=config.api_id,
        CorsConfiguration={
            "AllowOrigins": origins,
            "AllowMethods": ["GET", "POST", "PUT", "DELETE"],
            "AllowHeaders": ["authorization", "content-type", "idempotency-key", "last-event-id"],
            "ExposeHeaders": EXPOSED,
        },
    )
