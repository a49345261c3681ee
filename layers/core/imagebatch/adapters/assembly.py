"""Concurrent reads fill a few parts in memory; each part is uploaded when it is complete.

Meanwhile, S3 copies the parts that do not have to pass through the function.
"""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from imagebatch.adapters.archive_parts import CONCURRENT_COPIES, PART_SIZE, Part
from imagebatch.adapters.archive_plan import ArchivePlan, Read
from imagebatch.adapters.s3_multipart import Upload
from imagebatch.adapters.sources import SourceReader
from imagebatch.ports.archive import StoredMember

IN_FLIGHT = 16 * 1024 * 1024
MIN_READS, MAX_READS = 6, 16
WINDOW = 10
"""Parts in memory at the same time, and uploads in flight."""
WINDOW_BYTES = WINDOW * PART_SIZE


class _PartBuffer:
    """A part in memory; `pending_reads` counts the reads it still waits for."""

    __slots__ = ("buffer", "part", "pending_reads")

    def __init__(self, part: Part, pending_reads: int, buffer: bytearray) -> None:
        self.part = part
        self.pending_reads = pending_reads
        self.buffer = buffer


class ParallelAssembler:
    def __init__(self, plan: ArchivePlan, upload: Upload, sources: SourceReader) -> None:
        self._plan = plan
        self._upload = upload
        self._sources = sources
        self._reads = list(plan.reads())
        self._building: dict[int, _PartBuffer] = {}
        self._begun: set[int] = set()
        self._free: list[bytearray] = []
        self._uploaded = 0
        self._error: BaseException | None = None
        self._changed = threading.Condition()
        self._readers = ThreadPoolExecutor(self._width(), thread_name_prefix="read")
        self._writers = ThreadPoolExecutor(WINDOW, thread_name_prefix="upload")
        self._copiers = ThreadPoolExecutor(CONCURRENT_COPIES, thread_name_prefix="copy")

    def run(self) -> None:
        """Makes every part, or raises the first error once all threads are done."""
        try:
            self._schedule()
            self._wait(lambda: self._uploaded == len(self._plan.parts))
        finally:
            self._sources.stop()
            for pool in (self._readers, self._writers, self._copiers):
                pool.shutdown(cancel_futures=True)

    def _width(self) -> int:
        """Return the number of parallel reads that keep 16 MiB in flight."""
        total = sum(read.length for read in self._reads)
        wanted = -(-IN_FLIGHT * len(self._reads) // total) if total else 0
        return min(MAX_READS, max(MIN_READS, wanted))

    def _schedule(self) -> None:
        pending_reads = Counter(part.number for read in self._reads for part in read.parts)
        for part in self._plan.parts:
            if part.member:
                self._start(self._copiers, self._copy, part, part.member)
            elif not pending_reads[part.number]:
                self._begin(part, 0)
        for read in self._reads:
            for part in read.parts:
                if part.number not in self._begun:
                    self._begin(part, pending_reads[part.number])
            self._start(self._readers, self._fetch, read)

    def _begin(self, part: Part, pending_reads: int) -> None:
        """Load a part into memory once there is room; there will be, because reads start in
        order.
        """
        self._wait(lambda: self._has_room(part))
        part_buffer = _PartBuffer(part, pending_reads, self._buffer(part.size))
        self._plan.fill(part, part_buffer.buffer)
        with self._changed:
            self._begun.add(part.number)
            self._building[part.number] = part_buffer
        if not pending_reads:
            self._start(self._writers, self._send, part_buffer)

    def _buffer(self, size: int) -> bytearray:
        """Reuse the buffer of an uploaded part, if there is one: every byte is overwritten."""
        with self._changed:
            if self._free and len(self._free[-1]) == size:
                return self._free.pop()
        return bytearray(size)

    def _has_room(self, part: Part) -> bool:
        """There is always room for two parts: a read may need two, and never more."""
        held = sum(len(part_buffer.buffer) for part_buffer in self._building.values())
        fits = len(self._building) < WINDOW and held + part.size <= WINDOW_BYTES
        return fits or len(self._building) < 2

    def _fetch(self, read: Read) -> None:
        targets = [self._target(read, part) for part in read.parts]
        source = read.source
        checksum = self._sources.read(
            source.member, read.first, read.length, targets, checksum=source.whole
        )
        with self._changed:
            source.record_crc(read.first, checksum)
        for part in read.parts:
            self._advance(part.number)

    def _target(self, read: Read, part: Part) -> memoryview:
        low, high = max(read.start, part.start), min(read.start + read.length, part.end)
        return memoryview(self._building[part.number].buffer)[low - part.start : high - part.start]

    def _copy(self, part: Part, member: StoredMember) -> None:
        self._sources.check(member)
        with self._sources.as_recorded(member):
            self._upload.copy(part, member)
        self._done()

    def _advance(self, number: int) -> None:
        with self._changed:
            part_buffer = self._building[number]
            part_buffer.pending_reads -= 1
            whole = not part_buffer.pending_reads
        if whole:
            self._start(self._writers, self._send, part_buffer)

    def _send(self, part_buffer: _PartBuffer) -> None:
        self._upload.put(part_buffer.part, part_buffer.buffer)
        with self._changed:
            del self._building[part_buffer.part.number]
            if part_buffer.part.size == self._plan.parts[0].size:
                self._free.append(part_buffer.buffer)
        self._done()

    def _done(self) -> None:
        with self._changed:
            self._uploaded += 1
            self._changed.notify_all()

    def _start(self, pool: ThreadPoolExecutor, work: Callable[..., None], *args: Any) -> None:
        pool.submit(work, *args).add_done_callback(self._ended)

    def _ended(self, future: Future[None]) -> None:
        if future.cancelled() or (error := future.exception()) is None:
            return
        with self._changed:
            self._error = self._error or error
            self._changed.notify_all()

    def _wait(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._error is not None or condition())
            if self._error is not None:
                raise self._error
