"""An HTTP proxy on loopback, before AWS's emulator or a provider, that makes calls go wrong.

    proxy = FaultProxy(AWS_NAMES, Family(emulator_url))
    stack = stacks(AwsEndpointUrl=proxy.url)
    proxy.upstream = stack["endpointUrl"]
    rule = proxy.script("kill_after", "TransactWriteItems", about="Volvo", having='"succeeded"')
    ...
    assert rule.fired == 1

An operation is AWS's own name of it, or `PUT /bucket/key` and the like where it has none in the
request. A rule is `about` a word that a test gave its batch: a request belongs to it when the word
is in it (letters and digits, as a word of its own), or one of the names (a batch's id, a
prediction's) that came along with the word before.
The Host header goes through as it was signed.
"""

import http.client
import re
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

from testing.emulator_family import Family
from testing.exchanges import Exchange, Reply, partial_reply, refusal, wire

AWS_NAMES = re.compile(r"BATCH#local#([0-9a-f]{32})\b")
PREDICTION_NAMES = re.compile(r'"id": ?"(\w{20,})"')
ACTIONS = {
    "error",  # `status` and `code`, and nothing is done
    "conflict",  # a transaction cancelled because another was at the same record
    "partial",  # SendMessageBatch without its first entry, UnprocessedKeys instead of a read,
    # half of a BatchWriteItem
    "drop",  # the connection is cut, and nothing is done
    "drop_reply",  # it is done, and its answer is lost
    "truncate",  # half of the answer
    "kill",  # SIGKILL for the caller before
    "kill_after",  # and after it is done
    "hold",  # waits for `go`
    "count",  # nothing goes wrong
}
MAX_IDLE_SECONDS = 1
"""Of a connection that is used again: the emulator closes one after five."""
HOP = {"connection", "transfer-encoding", "keep-alive", "expect", "content-length"}


@dataclass(kw_only=True)
class Rule:
    """Of the requests it matches the rule lets `after` pass and then fires `times` times."""

    action: str
    operation: str
    about: str = ""
    having: str = ""
    after: int = 0
    times: int | None = 1
    status: int = 500
    code: str = "InternalServerError"
    go: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)
    seen: int = 0
    fired: int = 0

    def fires(self) -> bool:
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.fired >= self.times):
            return False
        self.fired += 1
        self.reached.set()
        return True


class FaultProxy:
    def __init__(self, names: re.Pattern[str], family: Family, upstream: str = "") -> None:
        self.upstream = upstream
        self.family = family
        self.rules: list[Rule] = []
        self.killed: list[int] = []
        self._names = names
        self.operations: defaultdict[str, list[str]] = defaultdict(list)
        """The operations of each word's requests, in order."""
        self._watched: set[str] = set()
        self._words: defaultdict[str, set[str]] = defaultdict(set)
        """By word, and by each name that appeared together with it."""
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._server = _Server(("127.0.0.1", 0), self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for rule in self.rules:
            rule.go.set()
        self._server.shutdown()
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
        self._thread.join()

    def script(self, action: str, operation: str, **more: Any) -> Rule:
        """Add a rule; `operation` and `having` (in path or body) are regular expressions."""
        if action not in ACTIONS:
            raise ValueError(f"no such action: {action!r}")
        rule = Rule(action=action, operation=operation, **more)
        with self._lock:
            self.rules.append(rule)
        self.watch(rule.about)
        return rule

    def watch(self, word: str) -> None:
        """From now on, names that appear together with this word belong to it."""
        with self._lock:
            self._watched.add(word)
            self._words[word].add(word)

    # --- what the handler asks

    def rule_for(self, request: Exchange) -> Rule | None:
        text = request.text
        with self._lock:
            about = self._words_of(text, text)
            for word in about:
                self.operations[word].append(request.operation)
            for rule in self.rules:
                mine = rule.about in about and self._fits(rule, request.operation, text)
                if mine and rule.fires():
                    return rule
        return None

    def refuse(self, request: Exchange) -> Reply | None:
        """Return a response in place of the server's, for a subclass with limits of its own."""
        return None

    def learn(self, request: Exchange, reply: Reply) -> None:
        """The response to a create names the prediction."""
        if request.target or request.method != "POST":
            return
        with self._lock:
            self._words_of(request.text, reply.body.decode(errors="replace"))

    def _words_of(self, text: str, names_in: str) -> set[str]:
        """Return the words to which a text belongs; names next to a word become its own."""
        tokens = set(re.findall(r"\w+", text))
        for word in self._watched & tokens:
            for name in self._names.findall(names_in):
                self._words[name].add(word)
        return {"", *(word for token in tokens for word in self._words.get(token, ()))}

    def _fits(self, rule: Rule, operation: str, text: str) -> bool:
        return (
            re.search(rule.operation, operation) is not None
            and re.search(rule.having, text) is not None
        )

    def kill(self, request: Exchange) -> None:
        pid = self.family.kill(request.peer)
        if pid is None:
            raise AssertionError(f"nobody to kill at {request.operation}")
        self.killed.append(pid)

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.discard(connection)


class Upstream:
    """A caller's connection to what is behind the proxy, kept as long as no server closes it."""

    def __init__(self) -> None:
        self._kept: http.client.HTTPConnection | None = None
        self._used = 0.0

    def forward(self, request: Exchange, url: str) -> Reply:
        headers = {k: v for k, v in request.headers.items() if k not in HOP}
        connection = self._connection(url)
        try:
            connection.request(request.method, request.path, request.body, headers)
            answer = connection.getresponse()
            keep = [(k, v) for k, v in answer.getheaders() if k.lower() not in HOP]
            body = answer.read()
        except BaseException:
            self.close()
            raise
        self._used = time.monotonic()
        length = answer.getheader("Content-Length", "0") if request.method == "HEAD" else None
        return Reply(answer.status, [*keep, ("Content-Length", length or str(len(body)))], body)

    def _connection(self, url: str) -> http.client.HTTPConnection:
        if self._kept is None or time.monotonic() - self._used > MAX_IDLE_SECONDS:
            self.close()
            at = urlsplit(url)
            self._kept = http.client.HTTPConnection(at.hostname or "", at.port, timeout=120)
        return self._kept

    def close(self) -> None:
        if self._kept:
            self._kept.close()
        self._kept = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], proxy: FaultProxy) -> None:
        self.proxy = proxy
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A killed caller disconnects."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self._upstream = Upstream()
        self.server.proxy.opened(self.connection)

    def finish(self) -> None:
        self._upstream.close()
        self.server.proxy.closed(self.connection)
        with suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (http.server's name)
        pass

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        length = int(headers.get("content-length", 0))
        body = self.rfile.read(length)
        request = Exchange(self.command, self.path, headers, body, self.client_address[1])
        for part in self._answers(request):
            self.wfile.write(part)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815

    def _answers(self, request: Exchange) -> Iterator[bytes]:
        proxy = self.server.proxy
        rule = proxy.rule_for(request)
        action = rule.action if rule else ""
        if rule and action in {"error", "conflict"}:
            yield wire(refusal(request, rule.action, rule.status, rule.code))
            return
        if rule and action == "hold":
            rule.go.wait()
        if action == "kill":
            proxy.kill(request)
        if action in {"kill", "drop"}:
            self.close_connection = True
            return
        if action == "partial":
            yield wire(partial_reply(proxy.upstream, request))
            return
        refused = proxy.refuse(request)
        if refused is not None:
            yield wire(refused)
            return
        reply = self._upstream.forward(request, proxy.upstream)
        proxy.learn(request, reply)
        if action == "kill_after":
            proxy.kill(request)
        if action in {"kill_after", "drop_reply"}:
            self.close_connection = True
            return
        sent = wire(reply)
        if action == "truncate":
            self.close_connection = True
            sent = sent[: len(sent) - len(reply.body) // 2]
        yield sent
