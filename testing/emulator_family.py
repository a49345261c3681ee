"""The processes of an emulator: only its own functions may be killed."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import psutil


@dataclass
class Family:
    """The only emulator whose functions may be killed, by its address."""

    url: str = ""

    def kill(self, port: int) -> int | None:
        """Kill the process that called from `port`, if it is a child of the emulator."""
        ours = urlsplit(self.url).port
        connections = psutil.net_connections("tcp4")
        root = next(c.pid for c in connections if c.laddr.port == ours and c.status == "LISTEN")
        for each in connections:
            if each.laddr.port == port and each.pid and each.pid != root:
                caller = psutil.Process(each.pid)
                if any(parent.pid == root for parent in caller.parents()):
                    caller.kill()
                    return each.pid
        return None
