"""`python -m scripts.local up|down|status`: the local cloud alone, without build or deployment."""

from __future__ import annotations

import sys

from scripts.local.launcher import LocalCloudError, down, status, up
from scripts.local.settings import Settings, SettingsError


def main(arguments: list[str]) -> int:
    actions = {"up": up, "down": down, "status": status}
    if len(arguments) != 1 or arguments[0] not in actions:
        print("usage: python -m scripts.local up|down|status", file=sys.stderr)
        return 2
    try:
        print(actions[arguments[0]](Settings.load()))
    except (LocalCloudError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
