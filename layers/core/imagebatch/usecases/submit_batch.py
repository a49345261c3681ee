"""Submits a planned batch: prices, stores and dispatches it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from imagebatch.domain.batch import Batch
from imagebatch.domain.batch_manifest import BatchManifest, encode_manifest
from imagebatch.domain.budgets import AccountEntry, account_entries, place, reserve
from imagebatch.domain.counts import Counts
from imagebatch.domain.errors import AccountLimitError, OverBudgetError
from imagebatch.domain.model_choice import Requirement
from imagebatch.domain.model_registry import ImageModel, Mode, Quality
from imagebatch.domain.money import ZERO
from imagebatch.domain.notice import Notice
from imagebatch.domain.round_state import MAX_ERRORS, ItemError, RoundState
from imagebatch.domain.statuses import Kind
from imagebatch.ports.accounts import AccountStore
from imagebatch.ports.dispatch_queue import DispatchQueue
from imagebatch.ports.objects import ObjectStore
from imagebatch.structs import Struct, field, replace
from imagebatch.usecases import keys
from imagebatch.usecases.limits import refusal
from imagebatch.usecases.records import BatchRepository

MAX_NOTICES = 50
"""More than any sheet has, so that a batch's record stays small."""


def requirements(plan: BatchManifest) -> Iterator[Requirement]:
    """Return the model capabilities that the items of a manifest require."""
    for item in plan.items:
        if item.failure is None:
            yield Requirement(
                row=item.row,
                custom_id=item.custom_id,
                aspect_ratio=item.aspect_ratio,
                quality=item.quality,
                images=len(item.images),
                seed=plan.kind is not Kind.VARIANTS and "seed" in item.settings,
            )


class Submission(Struct, frozen=True, kw_only=True):
    """What every way of creating a batch accepts; `source` is the request's own file, unchanged."""

    owner: str
    plan: BatchManifest
    models: tuple[ImageModel, ...]
    """The model, followed by its fallbacks."""
    mode: Mode
    quality: Quality = Quality.STANDARD
    source: bytes
    source_type: str
    name: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    callback_url: str | None = None
    max_cost: Decimal | None = None
    drop_key: str | None = None

    def with_notice(self, notice: Notice) -> "Submission":
        return replace(self, plan=self.plan.with_notice(notice))

    @property
    def entries(self) -> tuple[ImageModel, ...]:
        """Return the copies of the models' entries that the batch stores."""
        ratios = {item.aspect_ratio for item in self.plan.items if item.aspect_ratio}
        return tuple(model.batch_copy(self.quality, ratios) for model in self.models)

    @property
    def estimated(self) -> Decimal:
        return sum((i.price for i in self.plan.items if i.failure is None), ZERO)


class SubmitBatch(Struct, frozen=True):
    records: BatchRepository
    media: ObjectStore
    dispatch: DispatchQueue
    retention: timedelta
    accounts: AccountStore

    def check(self, submission: Submission) -> None:
        """Run every check that can reject a valid manifest, before anything is stored."""
        estimated, cap = submission.estimated, submission.max_cost
        if cap is not None and estimated > cap:
            raise OverBudgetError(
                "over-budget",
                "Estimated cost is over the maximum cost",
                detail=f"The batch is estimated at {estimated} USD, over its maximum of {cap} USD.",
            )

    def check_room(self, owner: str) -> None:
        """TooManyBatchesError if an owner has no place for another batch."""
        self._check_accounts([place(owner, self.records.limits)])

    def __call__(self, submission: Submission, batch_id: str) -> Batch:
        """Store the batch under `batch_id` and return it; repeated with the same ID it returns the
        same batch.
        """
        self.check(submission)
        batch = self.records.store.get(submission.owner, batch_id)
        if batch is None:
            batch = self._store(submission, self._batch(submission, batch_id))
        self.dispatch.send(batch.owner, batch.id, 1)
        return batch

    def _store(self, submission: Submission, batch: Batch) -> Batch:
        """The batch's write decides whether there is room; the check before it avoids storing files
        for rejected requests.
        """
        self._check_accounts(account_entries(None, batch, self.records.limits))
        plan = encode_manifest(submission.plan)
        self.media.put(keys.source(batch.id), submission.source, submission.source_type)
        self.media.put(keys.plan(batch.id), plan, "application/gzip")
        return self.records.create(batch)

    def _check_accounts(self, entries: Sequence[AccountEntry]) -> None:
        try:
            self.accounts.check(entries)
        except AccountLimitError as error:
            raise refusal(error) from error

    def _batch(self, submission: Submission, batch_id: str) -> Batch:
        now = self.records.clock.now()
        items = submission.plan.items
        rejected = [i for i in items if i.failure is not None]
        errors = tuple(
            ItemError(i.index, i.row, i.custom_id, i.failure, rejected=True)
            for i in rejected[:MAX_ERRORS]
            if i.failure is not None
        )
        waiting = len(items) - len(rejected)
        batch = Batch(
            id=batch_id,
            owner=submission.owner,
            kind=submission.plan.kind,
            mode=submission.mode,
            model=submission.models[0].id,
            models=submission.entries,
            quality=submission.quality,
            state=RoundState(
                counts=Counts(pending=waiting, failed=len(rejected)), round_total=waiting
            ),
            rejected=len(rejected),
            errors=errors,
            notices=submission.plan.notices[:MAX_NOTICES],
            created_at=now,
            updated_at=now,
            retention_ends_at=now + self.retention,
            name=submission.name,
            metadata=dict(submission.metadata),
            options=dict(submission.options),
            estimated=submission.estimated,
            max_cost=submission.max_cost,
            callback_url=submission.callback_url,
            drop_key=submission.drop_key,
        )
        return reserve(batch, batch.estimated, now)
