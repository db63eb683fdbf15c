"""`make tune FUNCTION=`: measures one function at several memory sizes and recommends one."""

from __future__ import annotations

import base64
import json
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.console import console, fail, say, show_table, step
from scripts.deployed import Deployed
from scripts.environment import CACHE
from scripts.oncall import audit
from scripts.oncall.doctor.command import place
from scripts.oncall.tune.chart import bar, svg
from scripts.oncall.tune.model import Sample, Size, advise, parse, summarize
from scripts.oncall.tune.versions import Versions
from scripts.rollout.change import serving
from shared.observability import HEALTH_EVENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.environment import Environment

EVENTS = Path(__file__).parent / "events"
SIZES = "128,256,512,1024,1769"
LARGEST_MB = 10240
HEALTH = "the health event (it measures the start, hardly the work: EVENT=<file> takes one of yours)"


def tune(
    environment: Environment,
    *,
    function: str,
    event: str = "",
    sizes: str = SIZES,
    cold: int = 4,
    warm: int = 30,
    dry_run: bool = False,
) -> None:
    """Measure a function at several memory sizes, draw time against cost, and recommend one.

    Args:
        environment: where.
        function: <service>.<function>.
        event: file with the event to measure with; the default does no harm (see events/), else asks for its health.
        sizes: memory sizes in MB, with commas.
        cold: environments that are started at once, for cold starts.
        warm: invocations one after the other.
        dry_run: say what would be done.

    Raises:
        Failure: there is no such function, or it fails with the event.
    """
    stack = Deployed.read(environment)
    if function not in stack.outputs["functions"]:
        fail(
            f"there is no function {function!r}", f"FUNCTION is one of: {', '.join(sorted(stack.outputs['functions']))}"
        )
    wanted = _sizes(sizes)
    if cold < 1 or warm < 1:
        fail("--cold and --warm are at least 1", "for example --cold 4 --warm 30")
    name, payload = _event(function, event)
    client = environment.client("lambda")
    known = stack.outputs["functions"][function]
    if serving(client, known["name"], known["alias"])[1]:
        fail(f"a release of {function} is in flight", "wait for it, or end it: make rollout")
    listed = ", ".join(map(str, wanted))
    plan = f"{len(wanted)} versions of {function} at {listed} MB, each {cold} cold and {warm} warm, with {name}"
    if dry_run:
        say(
            f"would publish {plan}; then remove them and set the memory back. The alias {known['alias']} stays as it is"
        )
        return
    say(plan)
    versions, found = Versions(client, known["name"]), list[Size]()
    details = {"function": function, "sizes": sizes}
    with _interruptible(), audit.action(stack, "tune", **details) as result, versions.kept() as before:
        for memory in wanted:
            with step(f"{memory} MB") as current, versions.at(memory, before) as version:
                samples = _measure(client, known["name"], version, payload, cold, warm)
                found.append(summarize(memory, before["Architectures"][0], samples))
                current.result = f"{found[-1].warm_ms:.1f} ms warm, {found[-1].cold_ms:.0f} ms cold"
        result["measured"] = len(found)
    _show(environment, function, int(before["MemorySize"]), found, name)


def _sizes(text: str) -> list[int]:
    try:
        found = sorted({int(part) for part in text.split(",")})
    except ValueError:
        found = []
    if not found or found[0] < 128 or found[-1] > LARGEST_MB:
        fail(f"{text!r} are no memory sizes", f"give numbers from 128 to {LARGEST_MB} with commas: --sizes {SIZES}")
    return found


def _event(function: str, path: str) -> tuple[str, bytes]:
    own = EVENTS / f"{function}.json"
    if not path and not own.exists():
        return HEALTH, json.dumps(HEALTH_EVENT).encode()
    chosen = Path(path) if path else own
    try:
        return chosen.name, json.dumps(json.loads(chosen.read_text())).encode()
    except (OSError, ValueError) as error:
        fail(f"{chosen} cannot be used as an event: {error}", "EVENT is a file with the JSON that the function gets")


def _measure(client: Any, function: str, version: str, payload: bytes, cold: int, warm: int) -> list[Sample]:
    """Start `cold` environments at once, then use them one invocation after the other."""
    with ThreadPoolExecutor(cold) as pool:
        calls = [pool.submit(_invoke, client, function, version, payload) for _ in range(cold)]
        samples = [call.result() for call in calls]
    samples += [_invoke(client, function, version, payload) for _ in range(warm)]
    return samples


def _invoke(client: Any, function: str, version: str, payload: bytes) -> Sample:
    answer = client.invoke(FunctionName=function, Qualifier=version, Payload=payload, LogType="Tail")
    told = answer["Payload"].read().decode(errors="replace")
    if answer.get("FunctionError"):
        fail(f"{function} fails with this event: {told[:300]}", "EVENT=<file> takes one that it can work on")
    sample = parse(base64.b64decode(answer["LogResult"]).decode(errors="replace"))
    if sample is None:
        fail(f"{function} tells no REPORT with its answer", "its system log level must be INFO")
    return sample


@contextmanager
def _interruptible() -> Iterator[None]:
    """Make a SIGTERM end the run as Ctrl-C does: everything is restored."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _show(environment: Environment, function: str, now_mb: int, found: list[Size], event: str) -> None:
    rows = [
        (
            f"{one.memory_mb}{' (now)' if one.memory_mb == now_mb else ''}",
            f"{one.warm_ms:.1f}",
            f"{one.warm_p95_ms:.1f}",
            f"{one.cold_ms:.0f}",
            f"{one.used_mb:.0f}",
            f"{one.usd_per_million:.3f}",
            f"{one.usd_per_million_cold:.2f}",
        )
        for one in found
    ]
    columns = ("MB>", "warm ms>", "p95 ms>", "cold ms>", "used MB>", "$ per million>", "$ per million cold>")
    show_table(columns, rows)
    console.print()
    longest, dearest = max(one.warm_ms for one in found), max(one.usd_per_million for one in found)
    bars = [(str(one.memory_mb), bar(one.warm_ms, longest), bar(one.usd_per_million, dearest)) for one in found]
    show_table(("MB>", "time, warm", "cost"), bars)
    file = CACHE / "tune" / f"{environment.name}-{function}.svg"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(svg(f"{function} in {environment.name}", f"with {event.partition(' (')[0]}", found))
    say(f"drawn in {file}")
    if environment.is_local:
        say(
            "no recommendation: here memory does not change the processor, so the times differ by chance and the cost "
            "only follows the size. What holds: the memory used. Measure on AWS: make tune ENV=dev",
            style="yellow",
        )
        return
    advice = advise(found)
    if advice.size is None:
        fail(advice.why, "for example ARGS='--sizes 1024,1769,3008'")
    if advice.size.memory_mb == now_mb:
        say(f"keep {now_mb} MB: {advice.why}", style="green")
    else:
        say(f"take {advice.size.memory_mb} MB: {advice.why}. Set memory_size in {place(function)}", style="green")
