"""Builds the archive from S3 to S3 with bounded memory; parts are processed out of order.

The ZIP's layout is computed from the recorded sizes and CRCs and divided into parts. S3 copies
large objects itself, provided that they match their records. The others are read ahead in the
archive's order, directly into the buffers of their parts. The upload is completed when all parts
are uploaded and all members are verified. An interrupted build restarts from the beginning.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING

from imagebatch.adapters.archive_plan import ArchivePlan
from imagebatch.adapters.assembly import MAX_READS, ParallelAssembler
from imagebatch.adapters.s3_multipart import SinglePut, Target, Upload, begin_upload
from imagebatch.adapters.sources import BadMemberError, SourceReader
from imagebatch.ports.archive import (
    ArchiveBuilder,
    ArchiveMember,
    BadMembersError,
    BuiltArchive,
    StoredMember,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3ArchiveBuilder(ArchiveBuilder):
    """The client needs room for 50 connections (MAX_READS, WINDOW and CONCURRENT_COPIES)."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def build(
        self, key: str, members: Sequence[ArchiveMember], *, modified: datetime
    ) -> BuiltArchive:
        plan = ArchivePlan(members, modified)
        target = Target(self._client, self._bucket, key, plan.fingerprint)
        try:
            self._store(plan, target)
        except BadMemberError as bad:
            raise BadMembersError(self._all_bad(members, bad)) from bad
        return BuiltArchive(key, plan.size, len(members))

    def discard(self, key: str) -> None:
        Target(self._client, self._bucket, key).discard()

    def _store(self, plan: ArchivePlan, target: Target) -> None:
        if len(plan.parts) == 1:
            self._fill(plan, SinglePut(target))
            return
        with ExitStack() as on_failure:
            on_failure.callback(target.discard)
            if upload := begin_upload(target, plan.size):
                self._fill(plan, upload)
            on_failure.pop_all()

    def _fill(self, plan: ArchivePlan, upload: Upload) -> None:
        ParallelAssembler(plan, upload, SourceReader(self._client, self._bucket)).run()
        upload.complete()

    def _all_bad(self, members: Sequence[ArchiveMember], first: BadMemberError) -> dict[str, str]:
        """Return every member that does not match its record, so that one more build is enough."""
        stored = [member for member in members if isinstance(member, StoredMember)]
        reader = SourceReader(self._client, self._bucket)
        with ThreadPoolExecutor(MAX_READS) as pool:
            reasons = pool.map(reader.find_fault, stored)
        found = {m.name: reason for m, reason in zip(stored, reasons, strict=True) if reason}
        return {first.member.name: first.reason, **found}
