"""A headless Chromium, where the machine has one: it opens a page, measures it and takes its picture.

`make test` needs no root, so it installs none: without one the tests that need it are skipped, unless
TRADEPOST_REQUIRE_BROWSER=1 says that there has to be one (CI). TRADEPOST_BROWSER names one that is not on the path.
"""

import json
import os
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
SECONDS = 60
WIDTH = 1440


def find() -> str:
    """The browser's program; skips the test that asks when there is none."""
    wanted = os.environ.get("TRADEPOST_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
    if wanted is None and Path(MACOS).exists():
        wanted = MACOS
    if wanted:
        return wanted
    missing = f"no browser here: install Chromium (one of {', '.join(NAMES)}), or name one in TRADEPOST_BROWSER"
    if os.environ.get("TRADEPOST_REQUIRE_BROWSER") == "1":
        pytest.fail(missing)
    pytest.skip(missing)


def measure(page: Path, script: str, folder: Path) -> Any:
    """What a script in the page comes to, as JSON, after the browser has laid the page out."""
    marked = folder / "measured.html"
    measuring = f"document.body.dataset.measured = JSON.stringify(({script})())"
    marked.write_text(page.read_text().replace("</body>", f"<script>{measuring}</script></body>"))
    shown = _run(folder, "--dump-dom", f"--window-size={WIDTH},1000", marked.as_uri())
    found = re.search(r'<body[^>]* data-measured="([^"]*)"', shown)
    assert found, f"the page did not run its scripts: {shown[-500:]}"
    return json.loads(unescape(found[1]))


def picture(page: Path, target: Path, height: int) -> None:
    """Save what the top of a page looks like, as PNG."""
    _run(target.parent, f"--screenshot={target}", "--hide-scrollbars", f"--window-size={WIDTH},{height}", page.as_uri())


def _run(folder: Path, *arguments: str) -> str:
    # Root has no sandbox of Chromium's, and a container little shared memory.
    apart = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    home = ["--disable-dev-shm-usage", f"--user-data-dir={folder / 'profile'}", "--no-first-run"]
    command = [find(), "--headless", "--disable-gpu", *apart, *home, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
