"""The X-Ray daemon: UDP datagrams of a JSON header line and a segment document, on a loopback port of its own."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable

from scripts.local.xray.store import InvalidSegmentError

RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
HEADER = {"format": "json", "version": 1}
logger = logging.getLogger("tradepost.xray")


class Daemon:
    """Receives what the SDKs of functions send; `address` is their AWS_XRAY_DAEMON_ADDRESS."""

    def __init__(self, put: Callable[[str], None]) -> None:
        self._put = put
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._receive, name="xray-daemon", daemon=True).start()

    def _receive(self) -> None:
        while True:
            datagram = self._socket.recv(65536)
            try:
                self._put(document_of(datagram))
            except (InvalidSegmentError, ValueError) as error:
                logger.warning("a datagram for the X-Ray daemon is dropped: %s", error)


def document_of(datagram: bytes) -> str:
    """The segment document of a datagram; raises ValueError when it is not of the daemon's protocol."""
    try:
        header, _, document = datagram.decode().partition("\n")
        if json.loads(header) == HEADER:
            return document
    except ValueError:
        pass
    raise ValueError(f"it does not begin with the daemon's header: {datagram[:80]!r}")
