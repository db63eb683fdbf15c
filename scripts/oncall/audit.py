"""The audit log: who did what to an environment, when, and how it ended. One JSON line per begin and end.

It is a log group of its own that Terraform makes (`tradepost-<env>-audit`): append-only for whoever may use the tools,
kept for over a year, and searched like any log.
"""

from __future__ import annotations

import json
import secrets
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scripts.console import fail, say, show_table
from scripts.deployed import Deployed
from scripts.logs import read, seconds
from scripts.rollout.deployments import who

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.environment import Environment

BEGIN, DONE, FAILED, INTERRUPTED = "begin", "done", "failed", "interrupted"


@contextmanager
def action(stack: Deployed, name: str, **details: object) -> Iterator[dict[str, Any]]:
    """Write that something begins before it does, and how it ended after it has.

    What cannot be written down is not done: without the first line nothing happens.

    Yields:
        figures to be filled in, such as {"replayed": 3}; they are in the line that tells the end.

    Raises:
        Failure: the audit log cannot be written to.
    """
    log = _Log(stack)
    common: dict[str, Any] = {"action": name, "action_id": secrets.token_hex(6), "by": who(stack), "details": details}
    log.write({**common, "outcome": BEGIN})
    result: dict[str, Any] = {}
    outcome = FAILED
    try:
        yield result
        outcome = INTERRUPTED if result.pop("interrupted", False) else DONE
    except KeyboardInterrupt:
        outcome = INTERRUPTED
        raise
    finally:
        log.write({**common, "outcome": outcome, "result": result})


class _Log:
    def __init__(self, stack: Deployed) -> None:
        self._client = stack.environment.client("logs")
        self._environment = stack.environment.name
        self._group = str(stack.outputs.get("audit_log_group") or "")
        self._stream = f"{datetime.now(UTC):%Y/%m/%d}/{secrets.token_hex(8)}"

    def write(self, line: dict[str, Any]) -> None:
        from botocore.exceptions import ClientError

        if not self._group:
            fail("this environment has no audit log yet", f"deploy it first: make up ENV={self._environment}")
        event = {"timestamp": int(time.time() * 1000), "message": json.dumps(line)}
        try:
            if line["outcome"] == BEGIN:
                self._client.create_log_stream(logGroupName=self._group, logStreamName=self._stream)
            self._client.put_log_events(logGroupName=self._group, logStreamName=self._stream, logEvents=[event])
        except ClientError as error:
            fail(
                f"the audit log {self._group} cannot be written: {error}",
                "you need logs:CreateLogStream and logs:PutLogEvents on it; nothing that is not written down is done",
            )


def show(environment: Environment, *, since: str = "7d", find: str = "") -> None:
    """Print who did what, oldest first.

    Args:
        environment: whose audit log.
        since: how far back: 15m, 2h, 7d.
        find: only lines with this text, for example an order's id or a person.

    Raises:
        Failure: the environment is not deployed.
    """
    stack = Deployed.read(environment)
    groups = {str(stack.outputs["audit_log_group"]): "audit"}
    events = read(environment.client("logs"), groups, int((time.time() - seconds(since)) * 1000), find)
    rows = [_row(event.timestamp, json.loads(event.message)) for event in events]
    if not rows:
        say(f"nobody did anything in the last {since}; look further back with ARGS='--since 30d'", style="dim")
        return
    show_table(("when (UTC)", "id", "by", "what", "outcome", "details"), rows)


def _row(timestamp: int, line: dict[str, Any]) -> tuple[str, ...]:
    at = datetime.fromtimestamp(timestamp / 1000, UTC)
    details = {**line["details"], **line.get("result", {})}
    text = " ".join(f"{name}={value}" for name, value in details.items() if value not in (None, "", False))
    return (f"{at:%Y-%m-%d %H:%M:%S}", line["action_id"], line["by"], line["action"], line["outcome"], text)
