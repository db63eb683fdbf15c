"""Questions about processes and ports of this machine, answered on Linux and macOS without extra packages."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_PROC = Path("/proc")


def command_line(pid: int) -> str:
    """The command line of a running process; empty when there is none (a zombie counts as none)."""
    if _PROC.is_dir():
        try:
            return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            return ""
    listed = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listed.stdout.strip()


def resident_megabytes(pid: int) -> int:
    """Peak resident memory on Linux, current elsewhere, in MB; 0 when unknown."""
    try:
        if _PROC.is_dir():
            for line in (_PROC / str(pid) / "status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) // 1024
            return 0
        listed = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return int(listed.stdout.strip() or 0) // 1024
    except (OSError, ValueError):
        return 0


def port_owner(port: int) -> str:
    """Who listens on a TCP port, as "pid 123 (command line)"; "another process" when that cannot be seen."""
    pid = _listener_from_proc(port) if _PROC.is_dir() else _listener_from_lsof(port)
    if pid is None:
        return "another process"
    return f"pid {pid} ({command_line(pid)[:120]})"


def _listener_from_proc(port: int) -> int | None:
    inodes: set[str] = set()
    for table in ("tcp", "tcp6"):
        try:
            rows = (_PROC / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for folder in _PROC.glob("[0-9]*/fd"):
        try:
            if any(str(link.readlink()) in inodes for link in folder.iterdir()):
                return int(folder.parent.name)
        except OSError:
            continue
    return None


def _listener_from_lsof(port: int) -> int | None:
    lsof = shutil.which("lsof")
    if lsof is None:
        return None
    listed = subprocess.run(
        [lsof, "-nP", "-t", f"-iTCP:{port}", "-sTCP:LISTEN"], capture_output=True, text=True, check=False
    )
    first = listed.stdout.split()[:1]
    return int(first[0]) if first else None
