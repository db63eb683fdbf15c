"""Code to release: the built ZIPs with modules of theirs replaced, and traffic to see what clients notice of it."""

import hashlib
import json
import shutil
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from scripts.build.bytecode import bytecode_name
from scripts.client import OrderClient
from tests.stack.orders import order

REQUESTS_PER_SECOND = 20
ORDERS_PER_SECOND = 5

type Change = Callable[[str], str]


def altered(build: Path, folder: Path, changes: dict[str, dict[str, Change]]) -> Path:
    """Copy `build` to `folder` with modules changed, by artifact and path in its ZIP; return the folder."""
    shutil.copytree(build, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    for name, modules in changes.items():
        artifact = manifest["artifacts"][name]
        path = folder / artifact["path"]
        with zipfile.ZipFile(path) as archive:
            contents = {entry: archive.read(entry) for entry in archive.namelist()}
        for module, change in modules.items():
            source = contents[module].decode()
            contents[module] = change(source).encode()
            assert contents[module] != source.encode(), f"nothing changes in {module}"
            del contents[bytecode_name(module)]
        with zipfile.ZipFile(path, "w") as archive:
            for entry, content in contents.items():
                archive.writestr(entry, content)
        data = path.read_bytes()
        artifact |= {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def handlers(**changes: Change) -> dict[str, dict[str, Change]]:
    """Changes of the orders' handlers, by function."""
    return {"orders": {f"orders/handlers/{name}.py": change for name, change in changes.items()}}


def first_do(statement: str) -> Change:
    """Put a statement at the start of a module's entry point."""

    def change(source: str) -> str:
        head, found, rest = source.partition("\ndef handler(")
        signature, colon, body = rest.partition(":\n")
        return f"{head}{found}{signature}{colon}    {statement}\n{body}"

    return change


@dataclass(frozen=True, slots=True)
class Request:
    """What a client did and saw: `flaw` is empty when all was well; times are seconds since 1970."""

    started: float
    ended: float
    flaw: str


@dataclass
class Traffic:
    """Clients that send REQUESTS_PER_SECOND, from `with` to its end: they list orders and place some.

    A slow answer takes no traffic away: each of the clients sends once a second, on its own time.
    """

    client: OrderClient
    requests: list[Request] = field(default_factory=list)
    placed: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def sent(self) -> int:
        return len(self.requests)

    @property
    def failures(self) -> list[str]:
        return [one.flaw for one in self.requests if one.flaw]

    def __enter__(self) -> Self:
        numbers = range(REQUESTS_PER_SECOND)
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in numbers]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        due = time.monotonic() + number / REQUESTS_PER_SECOND
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due += 1
            started = time.time()
            try:
                flaw = self._place() if number < ORDERS_PER_SECOND else self._list()
            except requests.RequestException as error:
                flaw = repr(error)
            with self._lock:
                self.requests.append(Request(started, time.time(), flaw))

    def _list(self) -> str:
        return _flaw(self.client.list(limit="1"), 200)

    def _place(self) -> str:
        answer = self.client.place(order())
        if answer.status_code == 201:
            with self._lock:
                self.placed.append(answer.json()["order_id"])
        return _flaw(answer, 201)


def _flaw(answer: requests.Response, status: int) -> str:
    return "" if answer.status_code == status else f"{answer.status_code}: {answer.text[:200]}"
