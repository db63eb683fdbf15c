"""Make `.venv`: Python 3.13 with the locked development set, and nothing else.

Started by the machine's own `python3`, which may be old (3.8) and bare: standard library only, no newer syntax.
uv does the work. It comes from `.venv` when that is there, else pip installs the locked uv into `.cache/bootstrap`.
Nothing is done when `.venv` already holds the locked set.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / ".setup"
LOCK = ROOT / "requirements-dev.txt"
BOOTSTRAP = ROOT / ".cache" / "bootstrap"


class SetupError(Exception):
    """Setup cannot go on; the text says what to do."""


def say(message: str) -> None:
    """Print one line of progress at once."""
    print("setup: " + message, flush=True)  # noqa: T201


def python_version() -> str:
    """Return the version that the project runs on, "3.13", from the file that pyenv reads too."""
    return (ROOT / ".python-version").read_text(encoding="utf-8").strip()


def wanted_digest() -> str:
    """Return the digest of everything that decides what `.venv` holds."""
    parts = (LOCK.read_bytes(), python_version().encode(), Path(__file__).read_bytes())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_ready(digest: str) -> bool:
    """Tell whether `.venv` was completed for this digest and still has an interpreter."""
    try:
        return STAMP.read_text(encoding="utf-8") == digest and (VENV / "bin" / "python").exists()
    except OSError:
        return False


def locked_requirement(lock: str, name: str) -> str:
    """Return one package's block of a lock file: its pin and its hashes.

    Raises:
        SetupError: the lock does not hold the package.
    """
    match = re.search(r"^" + re.escape(name) + r"==[^\n]*(?:\n[ \t]+--hash=[^\n]*)+", lock, re.MULTILINE)
    if not match:
        raise SetupError("{} does not pin {}; run `make lock` on a machine that is set up".format(LOCK.name, name))
    return match.group(0).rstrip(" \\") + "\n"


def pip_command() -> list[str]:
    """Return the command that installs into `.cache/bootstrap`, or nothing when this Python has no venv and no pip.

    A throw-away environment, because many systems' Python forbids changes to itself.
    """
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(BOOTSTRAP)], capture_output=True, check=False)
    if made.returncode == 0:
        return [str(BOOTSTRAP / "bin" / "python"), "-m", "pip", "install"]
    shutil.rmtree(str(BOOTSTRAP), ignore_errors=True)
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
        return [sys.executable, "-m", "pip", "install", "--target", str(BOOTSTRAP)]
    return []


def find_uv() -> str:
    """Return a uv to work with, installing the locked one when this machine has none.

    Raises:
        SetupError: uv could not be installed.
    """
    for place in (VENV / "bin" / "uv", BOOTSTRAP / "bin" / "uv"):
        try:
            subprocess.run([str(place), "--version"], capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return str(place)
    say("installing uv, the package installer, into " + str(BOOTSTRAP.relative_to(ROOT)))
    command = pip_command()
    if not command:
        found = shutil.which("uv")
        if found:
            return found
        raise SetupError(
            "{} has neither venv nor pip. Install one of them (Debian: apt-get install python3-venv), "
            "or install uv, then run `make setup` again".format(sys.executable)
        )
    pinned = BOOTSTRAP / "uv.txt"
    pinned.parent.mkdir(parents=True, exist_ok=True)
    pinned.write_text(locked_requirement(LOCK.read_text(encoding="utf-8"), "uv"), encoding="utf-8")
    options = ["--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(pinned)]
    result = subprocess.run(command + options, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    uv = BOOTSTRAP / "bin" / "uv"
    if result.returncode != 0 or not uv.exists():
        raise SetupError("pip could not install uv:\n" + result.stdout.decode(errors="replace"))
    return str(uv)


def run_uv(uv: str, *arguments: str) -> None:
    """Run uv and show its progress, without the list of every package.

    Raises:
        SetupError: uv failed; it has said why.
    """
    # uv obeys VIRTUAL_ENV; a person's activated environment must not become the target.
    environment = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "CONDA_PREFIX")}
    with subprocess.Popen(
        [uv, *arguments], cwd=str(ROOT), env=environment, stderr=subprocess.PIPE, universal_newlines=True
    ) as process:
        for line in process.stderr or ():
            if not line.startswith((" + ", " - ", " ~ ")):
                print("       " + line, end="", flush=True)  # noqa: T201
    if process.returncode != 0:
        raise SetupError("`uv {}` failed (see above)".format(" ".join(arguments[:3])))


def find_python() -> str:
    """Return which interpreter uv shall use: one of pyenv's, whatever pyenv has chosen now, or any of that version."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser()
    found = sorted(pyenv.glob("versions/{}.*/bin/python".format(python_version())))
    return str(found[-1]) if found else python_version()


def has_right_python() -> bool:
    """Tell whether `.venv` already runs on the project's Python version."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        result = subprocess.run([str(VENV / "bin" / "python"), "-c", code], capture_output=True, check=False)
    except OSError:
        return False
    return result.stdout.decode().strip() == python_version()


def main() -> int:
    """Set `.venv` up; return the exit status."""
    started = time.monotonic()
    digest = wanted_digest()
    try:
        if not is_ready(digest):
            uv = find_uv()
            if not has_right_python():
                say("making .venv with Python {} (found on this machine, else fetched)".format(python_version()))
                run_uv(uv, "venv", "--quiet", "--clear", "--python", find_python(), str(VENV))
            say("installing the locked development set into .venv")
            run_uv(uv, "pip", "sync", "--python", str(VENV), "--require-hashes", str(LOCK))
            STAMP.write_text(digest, encoding="utf-8")
            say("ready after {:.0f} s".format(time.monotonic() - started))
        # make compares times: a fresh clone or a touched lock must not start setup again and again.
        os.utime(str(STAMP))
    except SetupError as error:
        say("FAILED: {}".format(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
