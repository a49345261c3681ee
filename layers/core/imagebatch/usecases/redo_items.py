"""Opens the next round of a batch with items to regenerate."""

from collections.abc import Sequence

from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import UnprocessableError
from imagebatch.domain.item import Item
from imagebatch.domain.round_input import round_prompt
from imagebatch.domain.rounds import redo
from imagebatch.domain.versions import MAX_VERSIONS
from imagebatch.intake.prompts import MAX_PROMPT_LENGTH
from imagebatch.ports.dispatch_queue import DispatchQueue
from imagebatch.ports.finalizer import Finalizer
from imagebatch.structs import Struct, field, replace
from imagebatch.usecases.find_items import FindItems
from imagebatch.usecases.records import BatchRepository
from imagebatch.usecases.retry_batch import start_round
from imagebatch.usecases.round_models import ChooseRoundModels, RoundOptions, check_cap


class RedoRequest(Struct, frozen=True, kw_only=True):
    """`note` None keeps an earlier note, an empty one removes it; without `seed` there is none."""

    items: Sequence[str]
    note: str | None = None
    seed: int | None = None
    options: RoundOptions = field(default_factory=RoundOptions)


class RedoItems(Struct, frozen=True):
    records: BatchRepository
    find: FindItems
    dispatch: DispatchQueue
    finalizer: Finalizer
    choose_models: ChooseRoundModels

    def __call__(self, owner: str, batch_id: str, request: str, wanted: RedoRequest) -> Batch:
        """As `RetryBatch`, for these items whatever became of them; OverBudgetError when the
        cap does not hold them.
        """

        def open_round(batch: Batch) -> Batch:
            if batch.state.retry_request_id == request:
                return batch
            opened = self._opened(batch, wanted)
            return replace(opened, state=replace(opened.state, retry_request_id=request))

        batch = self.records.update(owner, batch_id, open_round)
        start_round(batch, self.dispatch, self.finalizer)
        return batch

    def _opened(self, batch: Batch, wanted: RedoRequest) -> Batch:
        now = self.records.clock.now()
        redo(batch, (), now)  # Rejected while it runs, before anything is read.
        items = self.find.all(batch, wanted.items)
        _check(items, wanted)
        opened = redo(batch, items, now, note=wanted.note, seed=wanted.seed)
        opened = self.choose_models(opened, items, wanted.options, now, seed=lambda _: wanted.seed)
        check_cap(opened)
        return opened


def _check(items: Sequence[Item], wanted: RedoRequest) -> None:
    details = [
        {"customId": item.custom_id, "row": item.row, "message": message}
        for item in items
        if (message := _fault(item, wanted))
    ]
    if details:
        raise UnprocessableError(
            "cannot-redo",
            "Some items cannot be regenerated",
            detail=f"{details[0]['customId']} {details[0]['message']}.",
            details=details,
        )


def _fault(item: Item, wanted: RedoRequest) -> str | None:
    if item.rejected:
        return "has no valid input: correct its row and submit it again"
    if len(item.all_versions) >= MAX_VERSIONS:
        return f"has {MAX_VERSIONS} versions, the maximum"
    noted = item if wanted.note is None else replace(item, note=wanted.note)
    if len(round_prompt(noted)) > MAX_PROMPT_LENGTH:
        return f"would have a prompt of more than {MAX_PROMPT_LENGTH:,} characters with the note"
    return None
