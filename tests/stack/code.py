"""Code to release: the built ZIPs with a module of theirs replaced, and traffic to see what clients notice of it."""

import hashlib
import json
import shutil
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from scripts.build.bytecode import bytecode_name
from scripts.client import OrderClient

REQUESTS_PER_SECOND = 20


def altered(build: Path, folder: Path, service: str, module: str, change: Callable[[str], str]) -> Path:
    """Copy `build` to `folder` with one module of a service's ZIP changed; return the folder."""
    shutil.copytree(build, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    artifact = manifest["artifacts"][service]
    path = folder / artifact["path"]
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    contents[module] = change(contents[module].decode()).encode()
    del contents[bytecode_name(module)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    data = path.read_bytes()
    artifact |= {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@dataclass
class Traffic:
    """Clients that list orders, REQUESTS_PER_SECOND of them, from `with` to its end; `failures` is what they saw."""

    client: OrderClient
    sent: int = 0
    failures: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(4)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._stop.wait(4 / REQUESTS_PER_SECOND):
            try:
                answer = self.client.list(limit="1")
                flaw = "" if answer.status_code == 200 else f"{answer.status_code}: {answer.text[:200]}"
            except requests.RequestException as error:
                flaw = repr(error)
            with self._lock:
                self.sent += 1
                if flaw:
                    self.failures.append(flaw)
