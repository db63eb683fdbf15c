"""Shows what was measured as tables and writes it as JSON."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scripts.bench.cold_start import FLOOR, Results, cpu, wall
from scripts.console import console, say, show_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scripts.bench.budgets import Verdict
    from scripts.bench.import_time import ImportTime
    from scripts.bench.local_cloud import Speed
    from scripts.bench.packaging import Packaging
    from scripts.bench.warm import Warm

PACKAGES_SHOWN = 20
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Report:
    """Everything one run measured; None where the run left a part out."""

    rounds: int
    cold: Results
    imports: ImportTime
    warm: Sequence[Warm]
    local_cloud: Speed
    packaging: Packaging | None
    verdicts: Sequence[Verdict]


def show(report: Report) -> None:
    """Print the tables, the verdicts last."""
    show_cold_starts(report.cold, report.rounds)
    show_imports(report.imports)
    show_warm(report.warm)
    show_local_cloud(report.local_cloud)
    if report.packaging is not None:
        show_packaging(report.packaging)
    show_verdicts(report.verdicts)


def show_cold_starts(cold: Results, rounds: int) -> None:
    """Print a table per request: each build's medians, the spread of the middle half, multiples of the floor."""
    _title(f"Cold start: INIT + first request, medians of {rounds} interleaved rounds, milliseconds")
    columns = ["build", "INIT>", "request>", "both>", "spread>", "CPU>", "x floor>", "CPU x>"]
    for request in dict.fromkeys(request for name, request in cold.runs if name != FLOOR):
        keys = [key for key in cold.runs if key == cold.floor or (key[1] == request and key[0] != FLOOR)]
        show_table(columns, [_cold_row(cold, key) for key in keys], request)


def show_imports(imports: ImportTime) -> None:
    """Print the packages and the heaviest modules."""
    _title(
        f"Imports beyond the bare runtime: {imports.modules} modules, {imports.total / 1000:.0f} ms under -X importtime"
    )
    packages = [(one.name, str(one.modules), f"{one.own / 1000:.1f}") for one in imports.packages[:PACKAGES_SHOWN]]
    show_table(["package", "modules>", "own ms>"], packages)
    _title("Heaviest modules")
    modules = [(one.name, f"{one.own / 1000:.1f}", f"{one.cumulative / 1000:.1f}") for one in imports.heaviest]
    show_table(["module", "own ms>", "with its imports ms>"], modules)
    late = ", ".join(imports.late[:8]) + (" ..." if len(imports.late) > 8 else "")
    say(f"{len(imports.late)} modules are imported by the first request, not by INIT: {late or 'none'}")


def show_warm(warm: Sequence[Warm]) -> None:
    """Print CPU per request, and what it is beyond the first row, the bare handler."""
    bare = warm[0].cpu.median
    rows = [
        (one.variant, one.request, f"{one.cpu.median:.0f}", f"±{one.cpu.spread:.0%}", f"{one.cpu.median - bare:+.0f}")
        for one in warm
    ]
    _title("Warm request: microseconds of CPU, runtime client included")
    show_table(["build", "request", "CPU us>", "spread>", "beyond bare>"], rows)


def show_local_cloud(speed: Speed) -> None:
    """Print starts, latency and rate, the bare ASGI app's under the same server beside them."""
    p50, rate, bare_p50, bare_rate = (one.median for one in (speed.p50, speed.rate, speed.bare_p50, speed.bare_rate))
    rows = [
        ("start to healthy, empty, s", f"{speed.start.median:.2f}", "", ""),
        ("start to healthy, with an API and a function, s", f"{speed.restart.median:.2f}", "", ""),
        ("gateway to a warm function, 1 client, p50 ms", f"{p50:.2f}", f"{bare_p50:.2f}", f"{p50 / bare_p50:.1f}"),
        ("requests/s, 8 clients", f"{rate:.0f}", f"{bare_rate:.0f}", f"{bare_rate / rate:.1f}"),
        ("memory of the server, MB", str(speed.memory_megabytes), "", ""),
    ]
    _title("Local cloud, beside a bare ASGI app under the same server")
    show_table(["", "ours>", "bare>", "x bare>"], rows)


def show_packaging(packaging: Packaging) -> None:
    """Print the times of builds and installations."""
    rows = [
        (name, f"{taken.median:.2f}", f"±{taken.spread:.0%}", f"{packaging.cpu[name].median:.2f}")
        for name, taken in packaging.wall.items()
    ]
    _title("Packaging: seconds")
    show_table(["", "clock>", "spread>", "CPU>"], rows)


def show_verdicts(verdicts: Sequence[Verdict]) -> None:
    """Print every budget, what was measured and whether it holds."""
    rows = [
        (
            "holds" if one.holds else "BROKEN",
            one.name,
            f"{one.measured:.2f} {one.unit}",
            f"{one.limit:g} {one.unit}",
        )
        for one in verdicts
    ]
    _title("Budgets")
    show_table(["", "budget", "measured>", "at most>"], rows)


def write(report: Report, path: Path) -> None:
    """Write everything as JSON. Times are in seconds unless a name says otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(to_json(report), indent=1) + "\n", encoding="utf-8")


def to_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON values."""
    return {
        "schema": SCHEMA,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "system": platform.system(),
            "python": platform.python_version(),
        },
        "rounds": report.rounds,
        "cold_start": [_cold_to_json(report.cold, key) for key in report.cold.runs],
        "import_time_us": asdict(report.imports),
        "warm_cpu_us": [asdict(one) for one in report.warm],
        "local_cloud": asdict(report.local_cloud),
        "packaging": None if report.packaging is None else asdict(report.packaging),
        "budgets": [asdict(one) | {"holds": one.holds} for one in report.verdicts],
    }


def _cold_to_json(cold: Results, key: tuple[str, str]) -> dict[str, Any]:
    return {
        "build": key[0],
        "request": key[1],
        "init": asdict(cold.summary(key, lambda run: run.init.wall)),
        "first_request": asdict(cold.summary(key, lambda run: run.first_request.wall)),
        "wall": asdict(cold.summary(key, wall)),
        "cpu": asdict(cold.summary(key, cpu)),
        "wall_per_floor": cold.ratio(key, cold.floor, wall),
        "cpu_per_floor": cold.ratio(key, cold.floor, cpu),
    }


def _cold_row(cold: Results, key: tuple[str, str]) -> tuple[str, ...]:
    spread = cold.summary(key, wall).spread
    ratios = (cold.ratio(key, cold.floor, value) for value in (wall, cpu))
    times = [f"{seconds * 1000:.0f}" for seconds in (*_medians(cold, key), cold.summary(key, cpu).median)]
    return key[0], *times[:3], f"±{spread:.0%}", times[3], *(f"{ratio:.2f}" for ratio in ratios)


def _medians(cold: Results, key: tuple[str, str]) -> tuple[float, float, float]:
    """Return the medians of INIT, first request and both, in seconds."""
    parts = (lambda run: run.init.wall, lambda run: run.first_request.wall, wall)
    init, first, both = (cold.summary(key, part).median for part in parts)
    return init, first, both


def _title(text: str) -> None:
    console.print()
    console.print(text, style="bold", markup=False)
