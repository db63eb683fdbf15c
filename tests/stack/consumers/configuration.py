"""Consumers to release: of a queue, of a workflow, and two functions with provisioned concurrency (main.tf).

The stack's own modules in a small configuration of its own, on the stack's local cloud.
"""

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from scripts.deployed import Deployed
from scripts.environment import ROOT
from tests.stack.conformance.cloud import archive
from tests.stack.conformance.terraform_run import TerraformRun
from tests.stack.conftest import Stack

PER_SECOND = 10
QUEUE, WORKFLOW, WARM, COLD = (f"consumers.{name}" for name in ("queue", "workflow", "warm", "cold"))
GOOD = {
    "queue": "def handler(event, _):\n    print('DONE', event['Records'][0]['body'])\n",
    "workflow": "def handler(event, _):\n    return event\n",
    "warm": "def handler(event, _):\n    return 1\n",
    "cold": "def handler(event, _):\n    return 1\n",
}
FAILS = "def handler(event, _):\n    raise RuntimeError('broken')\n"
NEXT = {"queue": FAILS, "workflow": FAILS, "warm": GOOD["warm"] + "# 2\n", "cold": "raise RuntimeError('no start')\n"}


class Consumers:
    """The small configuration; its first version is applied and serves from `with` on."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self._terraform = TerraformRun(folder, stack.environment.settings.endpoint)
        self.deployed = Deployed(stack.environment, {})
        api = stack.environment.client("lambda")
        some = api.get_function_configuration(FunctionName=stack.outputs["functions"]["orders.api"]["name"])
        self._key = some["KMSKeyArn"]

    def __enter__(self) -> Self:
        self.apply(GOOD)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._stack.kept:
            self._terraform.apply(destroy=True)

    def apply(self, code: dict[str, str]) -> Deployed:
        """Publish another version and return the stack as it is then; what it publishes is not released."""
        content = archive({f"consumers/{name}.py": text for name, text in code.items()})
        environment = self._stack.environment
        artifact = {"bucket": environment.bucket("artifacts"), "key": f"consumers/{hash(content)}.zip"}
        environment.client("s3").put_object(Bucket=artifact["bucket"], Key=artifact["key"], Body=content)
        (self._folder / "policy.json").write_text("{}")
        shutil.copytree(ROOT / "terraform" / "modules", self._folder / "modules", dirs_exist_ok=True)
        values = json.dumps({"artifact": artifact, "kms_key_arn": self._key})
        (self._folder / "terraform.tfvars.json").write_text(values)
        self._terraform.configure((Path(__file__).parent / "main.tf").read_text())
        self._terraform.apply()
        self.deployed = Deployed(environment, self._terraform.output())
        return self.deployed

    def done(self) -> set[int]:
        """The messages that the consumer of the queue says it has done."""
        group = f"/aws/lambda/{self.deployed.outputs['functions'][QUEUE]['name']}"
        reader = self._stack.environment.client("logs").get_paginator("filter_log_events")
        pages = reader.paginate(logGroupName=group, filterPattern="DONE")
        lines = [event["message"] for page in pages for event in page["events"]]
        return {int(line.partition("DONE ")[2].split('"')[0].strip()) for line in lines}

    def result(self, run: str) -> str:
        """What an execution of the workflow gave; empty while it runs."""
        found = self._stack.environment.client("stepfunctions").describe_execution(executionArn=run)
        assert found["status"] in ("RUNNING", "SUCCEEDED"), found
        return str(found.get("output") or "")


@contextmanager
def steadily(call: Callable[[int], object]) -> Iterator[list[int]]:
    """Call with 0, 1, 2, ... PER_SECOND times a second; gives the numbers that it was called with so far."""
    numbers: list[int] = []
    stop = threading.Event()

    def run() -> None:
        due = time.monotonic()
        while not stop.wait(max(0.0, due - time.monotonic())):
            due += 1 / PER_SECOND
            call(len(numbers))
            numbers.append(len(numbers))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield numbers
    finally:
        stop.set()
        thread.join()
