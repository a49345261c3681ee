"""Relays connections from Docker's bridge to the emulator, which listens only on loopback.

Needed if Docker runs on the machine itself (Linux). Docker Desktop forwards its own address of the
machine to loopback.
"""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_network
from socketserver import BaseRequestHandler, ThreadingTCPServer

HOST_OF_CONTAINERS = "172.17.0.1" if sys.platform == "linux" else "192.168.65.254"
"""This machine's address as seen from a container, for Docker and Docker Desktop."""

PROBE = ["docker", "network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}"]


def bridge_address() -> str:
    """This machine's address on Docker's bridge: its gateway, by default the subnet's first."""
    answer = subprocess.run(PROBE, check=True, capture_output=True, text=True).stdout
    network = json.loads(answer)[0]
    return network.get("Gateway") or str(next(ip_network(network["Subnet"]).hosts()))


class _Relay(BaseRequestHandler):
    request: socket.socket

    def handle(self) -> None:
        port: int = self.request.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as target:
            answers = threading.Thread(target=_copy, args=(target, self.request))
            answers.start()
            _copy(self.request, target)
            answers.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while block := source.recv(65536):
            sink.sendall(block)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def relay(port: int) -> Iterator[None]:
    """Relays the port while the context lasts."""
    with ThreadingTCPServer((bridge_address(), port), _Relay) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield
        server.shutdown()
        thread.join()
