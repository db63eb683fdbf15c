"""Pure parts of invocations: weights, references, log lines, unpacked code."""

import io
import json
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from scripts.local.functions import aliases, function_code, function_logs
from scripts.local.functions.function_logs import Report


def archive(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as target:
        for name, text in files.items():
            target.writestr(f"{name}.py", text)
    return content.getvalue()


def test_an_alias_gives_each_version_its_share() -> None:
    alias = {"FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.1}}}
    shares = Counter(aliases.choose_version(alias, draw / 1000) for draw in range(1000))
    assert shares == {"1": 900, "2": 100}
    assert aliases.choose_version({"FunctionVersion": "7"}, 0.0) == "7"


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("f", ("f", None)),
        ("f:live", ("f", "live")),
        ("arn:aws:lambda:eu-west-1:000000000000:function:f", ("f", None)),
        ("arn:aws:lambda:eu-west-1:000000000000:function:f:3", ("f", "3")),
    ],
)
def test_references(reference: str, parts: tuple[str, str | None]) -> None:
    assert aliases.split_reference(reference) == parts


def report(status: str = "success", init_ms: float | None = None) -> Report:
    return Report("r", "3", 1_000, 1.234, 256, 40, init_ms, status, "Root=1-a;Parent=b;Sampled=1")


def test_text_log_lines() -> None:
    lines = [text for _, text in function_logs.lines(report(init_ms=10.0), [(1_001, "own")], {})]
    assert lines[:3] == ["START RequestId: r Version: 3", "own", "END RequestId: r"]
    assert lines[3].split("\t") == [
        "REPORT RequestId: r",
        "Duration: 1.23 ms",
        "Billed Duration: 12 ms",
        "Memory Size: 256 MB",
        "Max Memory Used: 40 MB",
        "Init Duration: 10.00 ms",
        "XRAY TraceId: 1-a",
    ]


def test_json_log_lines_and_their_level() -> None:
    config = {"LoggingConfig": {"LogFormat": "JSON"}}
    lines = [json.loads(text) for _, text in function_logs.lines(report("error"), [], config)]
    assert [line["type"] for line in lines] == ["platform.start", "platform.runtimeDone", "platform.report"]
    assert lines[2]["record"]["status"] == "error"


@pytest.mark.parametrize(
    ("level", "status", "kinds"),
    [
        ("DEBUG", "success", ["start", "own", "runtimeDone", "report"]),
        ("INFO", "success", ["start", "own", "report"]),
        ("INFO", "timeout", ["start", "own", "runtimeDone", "report"]),
        ("WARN", "success", ["own"]),
        ("WARN", "error", ["own", "runtimeDone", "report"]),
    ],
)
def test_the_system_log_level_filters_platform_events(level: str, status: str, kinds: list[str]) -> None:
    config = {"LoggingConfig": {"LogFormat": "JSON", "SystemLogLevel": level}}
    lines = [json.loads(text) for _, text in function_logs.lines(report(status), [(1, '{"type": ".own"}')], config)]
    assert [line["type"].rpartition(".")[2] for line in lines] == kinds


def test_archives_are_unpacked_over_each_other_once(tmp_path: Path) -> None:
    layers = [archive(a="1", b="1"), archive(b="2")]
    folder = function_code.unpack(tmp_path, "opt", layers)
    assert {file.name: file.read_text() for file in folder.iterdir()} == {"a.py": "1", "b.py": "2"}
    assert function_code.unpack(tmp_path, "opt", layers) == folder
    assert function_code.unpack(tmp_path, "opt", layers[::-1]) != folder
    assert not list(tmp_path.glob(".*")), "nothing half-made is left"
