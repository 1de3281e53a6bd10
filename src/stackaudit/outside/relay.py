"""A relay on the loopback address that passes bytes on, and can swallow them as a network does that lost its way."""

import contextlib
import selectors
import socket
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

_CHUNK = 65536
_PATIENCE = 0.1


@dataclass(slots=True, eq=False)
class _Pair:
    """Both ends of one relayed connection; `dead` once its bytes are swallowed, which is for good."""

    near: socket.socket
    far: socket.socket
    dead: bool = field(default=False)


class Relay:
    """Relays TCP connections from `port` to `target`, a port of the loopback address, while inside.

    While it swallows, new connections are taken and answered nothing, and what is sent on the old ones goes nowhere. Those that were open
    in that time stay so: neither side is ever told, as behind a firewall that forgot them.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._swallowing = False
        self._lock = threading.Lock()
        self._pairs: list[_Pair] = []
        self._done = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, name="relay", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def swallow(self) -> int:
        """From now on let nothing through; how many connections that kills."""
        with self._lock:
            self._swallowing = True
            for pair in self._pairs:
                pair.dead = True
            return len(self._pairs)

    def heal(self) -> None:
        """Let new connections through again."""
        with self._lock:
            self._swallowing = False

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            while not self._done.is_set():
                for key, _ in selector.select(_PATIENCE):
                    if key.data is None:
                        self._accept(selector)
                    else:
                        pair, source, sink = key.data
                        self._pass_on(selector, pair, source, sink)
        for pair in self._pairs:
            pair.near.close()
            pair.far.close()
        self._listener.close()

    def _accept(self, selector: selectors.BaseSelector) -> None:
        near, _ = self._listener.accept()
        try:
            far = socket.create_connection(("127.0.0.1", self._target), timeout=2)
        except OSError:
            near.close()
            return
        with self._lock:
            pair = _Pair(near, far, dead=self._swallowing)
            self._pairs.append(pair)
        selector.register(near, selectors.EVENT_READ, (pair, near, far))
        selector.register(far, selectors.EVENT_READ, (pair, far, near))

    def _pass_on(
        self, selector: selectors.BaseSelector, pair: _Pair, source: socket.socket, sink: socket.socket
    ) -> None:
        if source.fileno() < 0:
            # Both ends had something to say, and the first closed the pair.
            return
        try:
            read = source.recv(_CHUNK)
            if read and not pair.dead:
                sink.sendall(read)
        except OSError:
            read = b""
        if read:
            return
        if pair.dead:
            # The other side is not told that this one is gone.
            selector.unregister(source)
            return
        for each in (pair.near, pair.far):
            with contextlib.suppress(KeyError):
                selector.unregister(each)
            each.close()
        with self._lock:
            self._pairs.remove(pair)
