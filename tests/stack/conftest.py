"""The deployed stack that every test here talks to: real Terraform, real ZIPs, on a local cloud of its own.

The tests speak HTTP and AWS APIs only. Terraform applies once; each worker of the run has a copy of what it made, in a
folder and on a port of its own, so that workers do not meet and a local cloud that a person has running is left alone.
`pytest tests/stack --stack=running` uses that one instead, for a quick look while writing a test.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from scripts.client import OrderClient
from scripts.deploy import start_local_cloud
from scripts.deployed import Deployed
from scripts.environment import Environment
from tests.stack import copies
from tests.stack.code import Change, altered
from tests.stack.orders import until_projected

ROOT = Path(__file__).parents[2]
CONFORMANCE = Path(__file__).parent / "conformance"
MEASURED = "measured"

ALARM_SPEED = "2"

type Report = Callable[[str], None]
type Publish = Callable[..., dict[str, str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack",
        choices=("own", "running"),
        default="own",
        help="own: deploy a stack for this run (default); running: use the local cloud that `make up` started",
    )


def pytest_configure() -> None:
    """Let the commands that are started here be interrupted, also where the run itself is in a shell's background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files, which workers take whole.

    One that needs the stack deploys it, while the other workers take those that need none. Then the slow ones: one that
    started last would run on alone.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    deploying = min((path for path in slow if CONFORMANCE not in path.parents), default=None)
    items.sort(
        key=lambda item: (item.path != deploying, CONFORMANCE not in item.path.parents, item.path not in slow),
    )


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what tests measured, in whichever worker, whether they passed or not."""
    reports = [one for found in terminalreporter.stats.values() for one in found if getattr(one, "when", "") == "call"]
    figures = [value for one in reports for name, value in one.user_properties if name == MEASURED]
    if figures:
        terminalreporter.section("measured")
        for line in figures:
            terminalreporter.line(line)


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Report:
    """`report(line)` prints a figure at the end of the run."""
    return lambda line: record_property(MEASURED, line)


@dataclass(frozen=True)
class Stack:
    """A deployed stack, and the commands a person would run on it; `kept` outlives the tests."""

    environment: Environment
    kept: bool = False

    @cached_property
    def deployed(self) -> Deployed:
        return Deployed.read(self.environment)

    @cached_property
    def functions(self) -> Any:
        """A client of Lambda."""
        return self.environment.client("lambda")

    @property
    def outputs(self) -> dict[str, Any]:
        return self.deployed.outputs

    def client(self, partner: str = "demo") -> OrderClient:
        return OrderClient(self.deployed.api_url(), self.deployed.api_key(partner))

    def invoke(self, function: str, event: dict[str, Any]) -> tuple[str | None, Any]:
        """Invoke a function by its alias as a workflow does; returns Lambda's name for the error, and the answer."""
        answer = self.functions.invoke(
            FunctionName=self.outputs["functions"][function]["alias_arn"], Payload=json.dumps(event).encode()
        )
        return answer.get("FunctionError"), json.loads(answer["Payload"].read())

    def errors(self, function: str, since: float, condition: str = "") -> list[dict[str, Any]]:
        """The errors that a function has logged since a time in seconds, if they fulfill the pattern's condition."""
        query = {"logGroupName": f"/aws/lambda/{self.outputs['functions'][function]['name']}"}
        query["filterPattern"] = f'{{ $.level = "ERROR"{condition and f" && {condition}"} }}'
        found = self.environment.client("logs").filter_log_events(**query, startTime=int(since * 1000))
        return list(found["events"])

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Start `python -m scripts <arguments>`, whose `stdout` has both of its streams; it has to be ended inside."""
        command = [sys.executable, "-m", "scripts", *arguments]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise

    def command(self, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        """Run `python -m scripts <arguments>`; raises with its whole output when it does not exit with `status`."""
        done = subprocess.run(
            [sys.executable, "-m", "scripts", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
        vars(self).pop("deployed", None)  # the command may have changed it
        if done.returncode != status:
            raise AssertionError(f"`{' '.join(arguments)}` exited {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done


def until(process: subprocess.Popen[str], text: str) -> None:
    """Read what a command prints until a line has `text`."""
    seen = []
    for line in process.stdout or ():
        seen.append(line)
        if text in line:
            return
    raise AssertionError(f"{text!r} is not in\n{''.join(seen)}")


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    if request.config.getoption("--stack") == "running":
        yield Stack(Environment.named("local"), kept=True)
        return
    with own_stack(request, tmp_path_factory, "local") as deployed:
        yield deployed


@contextmanager
def own_stack(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    *,
    alarm_speed: str = ALARM_SPEED,
) -> Iterator[Stack]:
    """A running copy of the run's deployed stack; Terraform has nothing to do for it."""
    home, port = copies.original(shared_folder(request, tmp_path_factory) / "stack", _deploy)
    own = tmp_path_factory.mktemp(name) / "home"
    with settings_of(own, copies.copy(home, port, own), alarm_speed):
        deployed = Stack(Environment.named("local"))
        try:
            start_local_cloud(deployed.environment)
            yield deployed
        finally:
            deployed.command("down")


def _deploy(home: Path, port: int) -> None:
    with settings_of(home, port, ALARM_SPEED):
        deployed = Stack(Environment.named("local"))
        try:
            deployed.command("up")
        finally:
            deployed.command("down")


@contextmanager
def settings_of(home: Path, port: int, alarm_speed: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRADEPOST_LOCAL_DIR", str(home))
        patch.setenv("TRADEPOST_PORT", str(port))
        # A release takes half of its time, as its alarms do.
        patch.setenv("TRADEPOST_CODEDEPLOY_MINUTE_SECONDS", "30")
        patch.setenv("TRADEPOST_ALARM_SPEED", alarm_speed)
        yield


def shared_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if hasattr(request.config, "workerinput") else base


@pytest.fixture(scope="session")
def client(stack: Stack) -> OrderClient:
    return stack.client()


@pytest.fixture
def aws(stack: Stack) -> Any:
    """`aws("dynamodb")` gives a boto3 client of the stack's environment."""
    return stack.environment.client


@pytest.fixture(scope="module")
def resting_orders(stack: Stack) -> Iterator[None]:
    """No workflow takes up what orders tell: they stay as the module's tests leave them.

    What the tests of other modules have told before is in the read model.
    """
    events, bus = stack.environment.client("events"), stack.outputs["event_bus_name"]
    rules = [f"{bus}-fulfillment-{name}" for name in ("start-order", "start-refund")]
    try:
        for rule in rules:
            events.disable_rule(Name=rule, EventBusName=bus)
        until_projected(stack.client())
        yield
    finally:
        for rule in rules:
            events.enable_rule(Name=rule, EventBusName=bus)


@pytest.fixture(scope="module")
def publish(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publish]:
    """Deploys changed modules or settings and leaves their release open; gives the new versions by function."""
    with pytest.MonkeyPatch.context() as patch:

        def publish(changes: dict[str, dict[str, Change]], **variables: str) -> dict[str, str]:
            patch.undo()
            build = tmp_path_factory.mktemp("changed") / "build"
            patch.setenv("TF_VAR_build_dir", str(altered(ROOT / "build", build, changes)))
            for name, value in variables.items():
                patch.setenv(f"TF_VAR_{name}", value)
            stack.command("up", "--canary")
            return {key: str(one["version"]) for key, one in stack.outputs["functions"].items()}

        try:
            yield publish
        finally:
            patch.undo()
            stack.command("up")
