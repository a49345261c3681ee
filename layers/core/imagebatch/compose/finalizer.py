"""FinalizerFunction: builds, publishes and removes archives, and notifies the owner."""

import json
from functools import cached_property
from typing import Any

from imagebatch.adapters.archive import S3ArchiveBuilder
from imagebatch.adapters.pdf_pages import S3PagesBuilder
from imagebatch.compose.storage import Storage
from imagebatch.compose.webhooks import WebhookDelivery
from imagebatch.domain.batch import Batch
from imagebatch.reports.archive_texts import archive_texts
from imagebatch.schemas.finalizer_step import FinalizerStep
from imagebatch.schemas.links import download_name, url_seconds
from imagebatch.schemas.webhook import webhook_body
from imagebatch.structs import replace
from imagebatch.usecases.drop_folder import PublishToOutbox
from imagebatch.usecases.finalize_batch import FinalizeBatch, FinalizerRun
from imagebatch.usecases.notify_owner import NotifyOwner, notice_of


class FinalizerServices(WebhookDelivery, Storage):
    @cached_property
    def finalize_batch(self) -> FinalizeBatch:
        return FinalizeBatch(
            self.records,
            self.media,
            S3ArchiveBuilder(self.clients.s3, self.settings.bucket_name),
            archive_texts,
            PublishToOutbox(self.store, self.media, self._status_bytes),
            _notice,
            self._archive_url,
            self.telemetry,
            self.settings.archive_ttl,
            S3PagesBuilder(self.clients.s3, self.settings.bucket_name, self.media),
        )

    @cached_property
    def notify_owner(self) -> NotifyOwner:
        return NotifyOwner(self.records, self.send_webhook, self.deliveries, self.telemetry)

    def run_step(self, step: FinalizerStep) -> dict[str, Any]:
        # A deleted batch has no owner: every step tolerates that.
        owner = step.owner or self.store.owner_of(step.batch_id) or ""
        run = FinalizerRun(owner, step.batch_id, step.round, step.attempt)
        match step.name:
            case "publish":
                return self.finalize_batch.publish(run, step.archive)
            case "notify":
                return self.notify_owner.deliver(owner, step.batch_id, step.notice)
            case "stopNotifying":
                return self.notify_owner.give_up(owner, step.batch_id, step.notice)
        steps = {
            "build": self.finalize_batch.build,
            "delete": self.finalize_batch.delete,
            "expire": self.finalize_batch.expire,
            "giveUp": self.finalize_batch.give_up,
        }
        return steps[step.name](run)

    def _archive_url(self, batch: Batch) -> str | None:
        """The execution's output: without the batch's name, because its history is kept."""
        now = self.clock.now()
        archive = batch.available_archive(now)
        if archive is None:
            return None
        nameless = download_name(replace(batch, name=""))
        return self.sign(archive.key, url_seconds(batch, now), nameless)

    def _status_bytes(self, batch: Batch) -> bytes:
        """A batch's status as a file, without URLs, which would have expired when it is read."""
        from imagebatch.schemas.views import batch_view

        document = batch_view(batch, self.clock.now(), None).as_document()
        return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _notice(batch: Batch) -> dict[str, Any] | None:
    return notice_of(batch, webhook_body)
