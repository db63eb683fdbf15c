"""One deployed stack and copies of it: Terraform applies once, and each worker of the run has a stack of its own.

A local cloud is a folder and a port. The port stands in what is stored (URLs of queues, Terraform's state), so that a
copy is the folder with another port of as many digits in its texts.
"""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port

LARGEST_TEXT = 64 * 1024 * 1024


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def original(folder: Path, deploy: Callable[[Path, int], None]) -> tuple[Path, int]:
    """The home and the port of the run's deployed stack, which `deploy` makes for the first worker that asks.

    The others wait for it. A deployment that failed is tried by the next, so that each shows why.
    """
    folder.mkdir(exist_ok=True)
    with _alone(folder):
        home, done = folder / "home", folder / "port"
        if not done.exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            port = free_port()
            deploy(home, port)
            done.write_text(str(port))
        return home, int(done.read_text())


def copy(home: Path, port: int, to: Path) -> int:
    """Copy a stopped local cloud's home to the folder `to`; return the port that the copy has."""
    shutil.copytree(home, to, symlinks=True, ignore=shutil.ignore_patterns("cloud.json", "*.lock"))
    new = _port_like(port)
    before, after = str(port).encode(), str(new).encode()
    for path in to.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < LARGEST_TEXT:
            content = path.read_bytes()
            for host in (b"127.0.0.1:", b"localhost:"):
                content = content.replace(host + before, host + after)
            if content != path.read_bytes():
                path.write_bytes(content)
    return new


def _port_like(port: int) -> int:
    """A free port with as many digits, which leaves lengths as they are."""
    while len(str(new := free_port())) != len(str(port)):
        pass
    return new
