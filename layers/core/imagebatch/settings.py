"""Every setting, read from the environment once. The template declares each of these variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from imagebatch.domain.budgets import Limits
from imagebatch.domain.fallback import OutagePolicy

MIN_WATCHERS = 2
"""Of one owner: somebody may watch in two windows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    table_name: str
    bucket_name: str
    item_queue_url: str
    dispatch_queue_url: str
    intake_queue_url: str
    dead_letter_queue_url: str
    intake_dead_letter_queue_url: str
    state_machine_arn: str
    alarm_topic_arn: str
    public_url: str
    auth_mode: str
    max_rows: int
    worker_concurrency: int
    reserved_concurrency: int
    progress_concurrency: int
    archive_ttl_seconds: int
    retention_days: int
    item_deadline_seconds: int
    outage_patience_seconds: int
    fallback_after_seconds: int
    sweep_after_seconds: int
    max_active_batches: int
    owner_monthly_budget: Decimal | None
    stack_monthly_budget: Decimal | None
    default_model: str
    drop_folder_owner: str
    drop_folder_max_cost: str
    drop_folder_quality: str
    drop_folder_fallback: str
    drop_folder_encoding: str
    replicate_secret_arn: str
    replicate_base_url: str
    runpod_secret_arn: str
    runpod_endpoint_id: str
    runpod_output_hosts: tuple[str, ...]
    runpod_base_url: str
    fal_secret_arn: str
    fal_base_url: str
    webhook_secret_arn: str
    event_bus_name: str
    signing_secret_arn: str
    mark_images: bool
    mark_prompts: bool
    dev_callback_origin: str
    dev_latency: float | None

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        def text(name: str) -> str:
            return env.get(name, "")

        def number(name: str, default: int) -> int:
            return int(env.get(name) or default)

        def money(name: str) -> Decimal | None:
            return Decimal(env[name]) if env.get(name) else None

        return cls(
            table_name=text("TABLE_NAME"),
            bucket_name=text("BUCKET_NAME"),
            item_queue_url=text("ITEM_QUEUE_URL"),
            dispatch_queue_url=text("DISPATCH_QUEUE_URL"),
            intake_queue_url=text("INTAKE_QUEUE_URL"),
            dead_letter_queue_url=text("DEAD_LETTER_QUEUE_URL"),
            intake_dead_letter_queue_url=text("INTAKE_DEAD_LETTER_QUEUE_URL"),
            state_machine_arn=text("STATE_MACHINE_ARN"),
            alarm_topic_arn=text("ALARM_TOPIC_ARN"),
            public_url=text("PUBLIC_URL").rstrip("/"),
            auth_mode=env.get("AUTH_MODE") or "cognito",
            max_rows=number("MAX_ROWS", 50),
            worker_concurrency=number("WORKER_CONCURRENCY", 3),
            reserved_concurrency=number("RESERVED_CONCURRENCY", 0),
            progress_concurrency=number("PROGRESS_CONCURRENCY", 0),
            archive_ttl_seconds=number("ARCHIVE_TTL_SECONDS", 21600),
            retention_days=number("RETENTION_DAYS", 7),
            item_deadline_seconds=number("ITEM_DEADLINE_SECONDS", 300),
            outage_patience_seconds=number("OUTAGE_PATIENCE_SECONDS", 900),
            fallback_after_seconds=number("FALLBACK_AFTER_SECONDS", 60),
            sweep_after_seconds=number("SWEEP_AFTER_SECONDS", 900),
            max_active_batches=number("MAX_ACTIVE_BATCHES", 20),
            owner_monthly_budget=money("OWNER_MONTHLY_BUDGET"),
            stack_monthly_budget=money("STACK_MONTHLY_BUDGET"),
            default_model=text("DEFAULT_MODEL"),
            drop_folder_owner=env.get("DROP_FOLDER_OWNER") or "drop-folder",
            drop_folder_max_cost=text("DROP_FOLDER_MAX_COST"),
            drop_folder_quality=text("DROP_FOLDER_QUALITY"),
            drop_folder_fallback=text("DROP_FOLDER_FALLBACK"),
            drop_folder_encoding=text("DROP_FOLDER_ENCODING"),
            replicate_secret_arn=text("REPLICATE_SECRET_ARN"),
            replicate_base_url=text("REPLICATE_BASE_URL"),
            runpod_secret_arn=text("RUNPOD_SECRET_ARN"),
            runpod_endpoint_id=text("RUNPOD_ENDPOINT_ID"),
            runpod_output_hosts=tuple(filter(None, text("RUNPOD_OUTPUT_HOSTS").split(","))),
            runpod_base_url=text("RUNPOD_BASE_URL"),
            fal_secret_arn=text("FAL_SECRET_ARN"),
            fal_base_url=text("FAL_BASE_URL"),
            webhook_secret_arn=text("WEBHOOK_SECRET_ARN"),
            event_bus_name=text("EVENT_BUS_NAME"),
            signing_secret_arn=text("SIGNING_SECRET_ARN"),
            mark_images=env.get("MARK_IMAGES") != "false",
            mark_prompts=env.get("MARK_PROMPTS") == "true",
            dev_callback_origin=text("DEV_CALLBACK_ORIGIN"),
            dev_latency=float(env["DEV_LATENCY"]) if env.get("DEV_LATENCY") else None,
        )

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
        """What the batches of one owner may take, and all batches together spend."""
        return Limits(self.max_active_batches, self.owner_monthly_budget, self.stack_monthly_budget)

    @property
    def watchers_per_owner(self) -> int | None:
        """How many streams of one owner may wait at once: half of those of all owners.

        None where that is no less than there are, or where all callers are one owner.
        """
        most = max(MIN_WATCHERS, self.progress_concurrency // 2)
        if self.auth_mode == "none" or most >= self.progress_concurrency:
            return None
        return most

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
