"""SweeperFunction: repairs stalled batches and completes deletions."""

from datetime import timedelta
from functools import cached_property

from imagebatch.adapters.abandoned_arrivals import SQSAbandonedArrivals
from imagebatch.compose.dispatch import Dispatch
from imagebatch.compose.erasure import Deletion
from imagebatch.ports.abandoned_arrivals import AbandonedArrivals
from imagebatch.usecases.budgets import RepairAccounts
from imagebatch.usecases.delete_batch import FinishDeletions
from imagebatch.usecases.erase_owner import RunErasures
from imagebatch.usecases.repair_stalled_batches import RepairStalledBatches
from imagebatch.usecases.sweep_stack import SweepStack


class SweeperServices(Dispatch, Deletion):
    @cached_property
    def sweep_stack(self) -> SweepStack:
        return SweepStack(
            self.repair_stalled_batches,
            self.repair_accounts,
            self.finish_deletions,
            self.run_erasures,
            self.telemetry,
        )

    @cached_property
    def repair_stalled_batches(self) -> RepairStalledBatches:
        return RepairStalledBatches(
            self.records,
            self.dispatch_queue,
            self.dispatch_items,
            self.item_queue,
            self.finalizer,
            self.telemetry,
            timedelta(seconds=self.settings.sweep_after_seconds),
        )

    @cached_property
    def repair_accounts(self) -> RepairAccounts:
        return RepairAccounts(self.records, self.accounts, self.telemetry)

    @cached_property
    def finish_deletions(self) -> FinishDeletions:
        return FinishDeletions(self.records, self.deletions, self.remove_batch)

    @cached_property
    def abandoned_arrivals(self) -> AbandonedArrivals:
        url = self.settings.intake_dead_letter_queue_url
        return SQSAbandonedArrivals(self.clients.sqs, url)

    @cached_property
    def run_erasures(self) -> RunErasures:
        return RunErasures(
            self.records,
            self.erasure_store,
            self.deletions,
            self.media,
            self.abandoned_arrivals,
            self.cancel,
            self.delete_batch,
            self.settings.drop_folder_owner,
        )
