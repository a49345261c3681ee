"""The scheduled sweep: repairs batches and accounts, then completes deletions and erasures."""

from imagebatch.ports.deletion import KeepGoing
from imagebatch.ports.telemetry import Telemetry
from imagebatch.structs import Struct
from imagebatch.usecases.budgets import RepairAccounts
from imagebatch.usecases.delete_batch import FinishDeletions
from imagebatch.usecases.erase_owner import RunErasures
from imagebatch.usecases.repair_stalled_batches import RepairStalledBatches


class Swept(Struct, frozen=True):
    """How many batches were repaired and deleted, and how many erasures completed."""

    repaired: int
    deleted: int
    erased: int


class SweepStack(Struct, frozen=True):
    repair_batches: RepairStalledBatches
    repair_accounts: RepairAccounts
    finish_deletions: FinishDeletions
    run_erasures: RunErasures
    telemetry: Telemetry

    def __call__(self, keep_going: KeepGoing) -> Swept:
        """Deletions and erasures run while `keep_going()`, even if a repair fails; its error is
        raised at the end.
        """
        try:
            repaired = self._repair_batches()
            self._repair_accounts()
        finally:
            deleted = self._finish_deletions(keep_going)
            erased = self._run_erasures(keep_going)
        return Swept(repaired, deleted, erased)

    def _repair_batches(self) -> int:
        repaired = 0
        for batch in self.repair_batches():
            repaired += 1
            self.telemetry.batch_repaired(batch)
        return repaired

    def _repair_accounts(self) -> None:
        for account in self.repair_accounts():
            self.telemetry.account_corrected(account)

    def _finish_deletions(self, keep_going: KeepGoing) -> int:
        deleted = 0
        for batch_id in self.finish_deletions(keep_going):
            deleted += 1
            self.telemetry.log_event("batch deleted", batch_id=batch_id)
        return deleted

    def _run_erasures(self, keep_going: KeepGoing) -> int:
        erased = 0
        for erasure_id in self.run_erasures(keep_going):
            erased += 1
            self.telemetry.log_event("owner erased", erasure_id=erasure_id)
        return erased
