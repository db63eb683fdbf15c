"""`python -m scripts.local up|down|status`: the local cloud alone, without build or deployment."""

from __future__ import annotations

import sys
from collections.abc import Callable

from scripts.local.launcher import LocalCloudError, down, status, up
from scripts.local.settings import Settings, SettingsError


def _say(text: object) -> None:
    sys.stderr.write(f"{text}\n")


def main(arguments: list[str]) -> int:
    actions: dict[str, Callable[[Settings], object]] = {"up": up, "down": down, "status": status}
    if len(arguments) != 1 or arguments[0] not in actions:
        _say("usage: python -m scripts.local up|down|status")
        return 2
    try:
        _say(actions[arguments[0]](Settings.load()))
    except (LocalCloudError, SettingsError) as error:
        _say(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
