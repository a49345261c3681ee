"""Files that arrived in the bucket."""

from imagebatch.structs import Struct


class SendAnew(Struct, frozen=True):
    """It is too early and nothing has failed: enqueue a copy in place of the message, so that
    waiting uses up none of its deliveries.
    """


class ArrivedObject(Struct, frozen=True):
    """An object stored in the bucket, `age` seconds after its arrival was announced."""

    key: str
    etag: str
    size: int
    age: float
