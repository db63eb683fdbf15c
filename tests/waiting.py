"""Waiting on a condition with a deadline, the only way a test here waits."""

import time
from collections.abc import Callable


def eventually[T](read: Callable[[], T], seconds: float = 60, pause: float = 0.05) -> T:
    """Call `read` until it returns something truthy and return that; a test that never sees it fails.

    The deadline is for a busy machine: what works is seen long before it.

    An AssertionError inside `read` counts as "not yet"; the last one is shown when time runs out.
    """
    deadline = time.monotonic() + seconds
    last: object = None
    while True:
        try:
            last = read()
            if last:
                return last
        except AssertionError as not_yet:
            last = not_yet
        if time.monotonic() > deadline:
            raise AssertionError(f"not seen within {seconds} s; last: {last!r}")
        time.sleep(pause)
