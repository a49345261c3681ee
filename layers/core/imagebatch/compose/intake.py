"""IntakeFunction: submits the sheets of the drop folder, and validates uploads."""

import json
from collections.abc import Mapping
from functools import cached_property

from imagebatch.adapters.arrivals import ArrivalProcessor
from imagebatch.api.errors import problem_of
from imagebatch.compose.erasure import ErasureRecords
from imagebatch.compose.planning import Planning
from imagebatch.domain.errors import RequestError
from imagebatch.ports.arrivals import ArrivedObject, SendAnew
from imagebatch.ports.item_queue import RetryLater
from imagebatch.usecases.drop_folder import SubmitDroppedSheet
from imagebatch.usecases.keys import INCOMING
from imagebatch.usecases.uploads import CheckUpload


class IntakeServices(Planning, ErasureRecords):
    @cached_property
    def arrivals(self) -> ArrivalProcessor:
        url = self.settings.intake_queue_url
        return ArrivalProcessor(self.clients.sqs, url, self.clock, self.telemetry)

    def take_in(self, arrival: ArrivedObject) -> RetryLater | SendAnew | None:
        if arrival.key.startswith(INCOMING):
            self.check_upload(arrival.key)
            return None
        outcome = self.submit_dropped_sheet(arrival)
        return outcome if isinstance(outcome, RetryLater | SendAnew) else None

    @cached_property
    def check_upload(self) -> CheckUpload:
        return CheckUpload(self.uploads, self.media, self.telemetry)

    @cached_property
    def submit_dropped_sheet(self) -> SubmitDroppedSheet:
        return SubmitDroppedSheet(
            self.plan_sheet_batch,
            self.manage_templates,
            self.submit,
            self.execute_once,
            self.media,
            self.telemetry,
            _problem_bytes,
            self.settings.drop_folder_owner,
            self.clock,
            self._drop_defaults(),
            self.erasure_store.is_running,
        )

    def _drop_defaults(self) -> Mapping[str, str]:
        """The default options of dropped sheets."""
        settings = self.settings
        return {
            "maxCost": settings.drop_folder_max_cost,
            "quality": settings.drop_folder_quality,
            "fallback": settings.drop_folder_fallback,
            "encoding": settings.drop_folder_encoding,
        }


def _problem_bytes(error: RequestError) -> bytes:
    return json.dumps(problem_of(error), ensure_ascii=False, indent=1).encode()
