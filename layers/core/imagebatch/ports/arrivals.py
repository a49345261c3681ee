"""Files that arrived in the bucket."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SendAnew:
    """It is too early and nothing has failed: enqueue a copy in place of the message, so that
    waiting uses up none of its deliveries.
    """


@dataclass(frozen=True, slots=True)
class ArrivedObject:
    """An object stored in the bucket, `age` seconds after its arrival was announced."""

    key: str
    etag: str
    size: int
    age: float
