"""Every setting, read from the environment once. The template declares each of these variables."""

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from imagebatch.domain.budgets import Limits
from imagebatch.domain.fallback import OutagePolicy
from imagebatch.structs import Struct, fields

MIN_WATCHERS = 2
"""Of one owner: somebody may watch in two windows."""
PARSERS: dict[Any, Callable[[str], Any]] = {
    int: int,
    bool: lambda text: text == "true",
    Decimal | None: Decimal,
    float | None: float,
    tuple[str, ...]: lambda text: tuple(filter(None, text.split(","))),
}


class Settings(Struct, frozen=True, kw_only=True):
    table_name: str = ""
    bucket_name: str = ""
    item_queue_url: str = ""
    dispatch_queue_url: str = ""
    intake_queue_url: str = ""
    dead_letter_queue_url: str = ""
    intake_dead_letter_queue_url: str = ""
    state_machine_arn: str = ""
    alarm_topic_arn: str = ""
    public_url: str = ""
    auth_mode: str = "cognito"
    max_rows: int = 50
    worker_concurrency: int = 3
    reserved_concurrency: int = 0
    progress_concurrency: int = 0
    archive_ttl_seconds: int = 21600
    retention_days: int = 7
    item_deadline_seconds: int = 300
    outage_patience_seconds: int = 900
    fallback_after_seconds: int = 60
    sweep_after_seconds: int = 900
    max_active_batches: int = 20
    owner_monthly_budget: Decimal | None = None
    stack_monthly_budget: Decimal | None = None
    default_model: str = ""
    drop_folder_owner: str = "drop-folder"
    drop_folder_max_cost: str = ""
    drop_folder_quality: str = ""
    drop_folder_fallback: str = ""
    drop_folder_encoding: str = ""
    replicate_secret_arn: str = ""
    replicate_base_url: str = ""
    runpod_secret_arn: str = ""
    runpod_endpoint_id: str = ""
    runpod_output_hosts: tuple[str, ...] = ()
    runpod_base_url: str = ""
    fal_secret_arn: str = ""
    fal_base_url: str = ""
    webhook_secret_arn: str = ""
    event_bus_name: str = ""
    signing_secret_arn: str = ""
    mark_images: bool = True
    mark_prompts: bool = False
    dev_callback_origin: str = ""
    dev_latency: float | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Read each setting from the variable of its name in capitals; if it is missing or empty,
        the default applies. ValueError or ArithmeticError for an invalid number.
        """
        given: dict[str, Any] = {
            each.name: PARSERS.get(each.type, str)(env[each.name.upper()])
            for each in fields(cls)
            if env.get(each.name.upper())
        }
        return cls(**given)

    @property
    def archive_ttl(self) -> timedelta:
        return timedelta(seconds=self.archive_ttl_seconds)

    @property
    def retention(self) -> timedelta:
        return timedelta(days=self.retention_days)

    @property
    def item_deadline(self) -> timedelta:
        return timedelta(seconds=self.item_deadline_seconds)

    @property
    def limits(self) -> Limits:
        """The limits of each owner's batches, and the budget of the whole stack."""
        return Limits(self.max_active_batches, self.owner_monthly_budget, self.stack_monthly_budget)

    @property
    def watchers_per_owner(self) -> int | None:
        """The maximum number of waiting streams of one owner: half of all streams.

        None if that would not be a limit, or if all callers are one owner.
        """
        limit = max(MIN_WATCHERS, self.progress_concurrency // 2)
        if self.auth_mode == "none" or limit >= self.progress_concurrency:
            return None
        return limit

    @property
    def outage_policy(self) -> OutagePolicy:
        return OutagePolicy(
            patience=timedelta(seconds=self.outage_patience_seconds),
            fallback_after=timedelta(seconds=self.fallback_after_seconds),
        )

    @property
    def providers(self) -> frozenset[str]:
        """The providers a key is configured for; with none the stack is in development mode."""
        pairs = {
            "replicate": self.replicate_secret_arn,
            "runpod": self.runpod_secret_arn,
            "fal": self.fal_secret_arn,
        }
        return frozenset(name for name, arn in pairs.items() if arn)
