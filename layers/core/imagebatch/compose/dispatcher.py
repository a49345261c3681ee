"""DispatcherFunction: stores the items of a round and sends its first messages."""

from imagebatch.compose.dispatch import Dispatch


class DispatcherServices(Dispatch):
    pass
