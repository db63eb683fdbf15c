"""Execution environments: clean, bare, kept warm, killed on time-out, logged as Lambda logs."""

import json
import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.stack.conformance.cloud import Cloud, Function

PROBE = """
import importlib.util, os, sys, time
started = time.time()
def handler(event, context):
    event = event or {}
    print("line one"); print("line two", file=sys.stderr)
    if "import" in event: return [importlib.util.find_spec(name) for name in event["import"]]
    if "raise" in event: raise KeyError(event["raise"])
    if "sleep" in event: time.sleep(event["sleep"])
    if "exit" in event: sys.exit(event["exit"])
    if "kill" in event: os.kill(os.getpid(), 11)
    if "megabytes" in event:
        held = [bytes(1024) * 1024 for _ in range(event["megabytes"])]
        time.sleep(event.get("hold", 0))
    if "size" in event: return "x" * event["size"]
    return {"environment": dict(os.environ), "path": sys.path, "pid": os.getpid(), "modules": sorted(sys.modules),
            "arn": context.invoked_function_arn, "left": context.get_remaining_time_in_millis(),
            "stream": context.log_stream_name, "memory": context.memory_limit_in_mb, "cwd": os.getcwd()}
"""


@pytest.fixture(scope="module")
def probe(cloud: Cloud) -> Function:
    return cloud.function(PROBE, timeout=2, Environment={"Variables": {"COLOR": "green"}})


def test_the_environment_holds_what_lambda_sets_and_the_functions_variables(probe: Function, cloud: Cloud) -> None:
    found = probe.invoke()
    environment = found.value["environment"]
    assert (
        environment.items()
        >= {
            "COLOR": "green",
            "AWS_REGION": "eu-west-1",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "TZ": ":UTC",
            "_HANDLER": "app.handler",
            "AWS_LAMBDA_FUNCTION_NAME": probe.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_ENDPOINT_URL": cloud.endpoint,
            "AWS_LAMBDA_LOG_GROUP_NAME": probe.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": found.value["stream"],
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "LAMBDA_TASK_ROOT": found.value["cwd"],
        }.items()
    )
    assert {"AUTH", "HOME", "USER", "STATE_DIR", "VIRTUAL_ENV", "TRADEPOST_LOCAL_DIR"}.isdisjoint(environment)
    assert re.fullmatch(
        r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0", environment["_X_AMZN_TRACE_ID"]
    )
    assert 0 < found.value["left"] <= 2000


def test_nothing_of_the_development_environment_can_be_imported(probe: Function) -> None:
    found = probe.invoke()
    assert not [folder for folder in found.value["path"][3:] if "site-packages" in folder]
    assert {"site", "boto3", "scripts"}.isdisjoint(found.value["modules"])
    missing = probe.invoke({"import": ["ministack", "pytest", "scripts", "aws_lambda_powertools"]}).value
    assert missing == [None] * 4


def test_function_code_comes_before_layers_and_later_layers_before_earlier_ones(cloud: Cloud) -> None:
    function = cloud.function(
        "import both, layered, only_first\ndef handler(event, context): return [both.X, layered.X, only_first.X]",
        files={"both.py": "X = 'function'"},
        layers=[
            {
                "python/both.py": "X = 'layer'",
                "python/layered.py": "X = 'first'",
                "python/only_first.py": "X = 'first'",
            },
            {"python/layered.py": "X = 'second'"},
        ],
    )
    assert function.invoke().value == ["function", "second", "first"]


@pytest.mark.parametrize(
    ("mine", "layer", "expected"),
    [(None, None, "runtime"), (None, "layer", "layer"), ("function", "layer", "function")],
)
def test_boto3_is_the_functions_then_the_layers_then_the_runtimes(
    cloud: Cloud, mine: str | None, layer: str | None, expected: str
) -> None:
    function = cloud.function(
        "import boto3\ndef handler(event, context): return getattr(boto3, 'OWNER', 'runtime')",
        files={"boto3.py": f"OWNER = '{mine}'"} if mine else None,
        layers=[{"python/boto3.py": f"OWNER = '{layer}'"}] if layer else None,
    )
    assert function.invoke().value == expected


def test_an_error_has_its_type_and_stack_trace_and_leaves_the_environment_warm(probe: Function) -> None:
    before = probe.invoke()
    failed = probe.invoke({"raise": "stock"})
    assert failed.error == "Unhandled"
    assert failed.value["errorType"] == "KeyError"
    assert failed.value["errorMessage"] == "'stock'"
    assert "in handler" in failed.value["stackTrace"][0]
    assert "[ERROR] KeyError: 'stock'" in failed.log
    assert probe.invoke().value["pid"] == before.value["pid"]


def test_a_time_out_kills_the_environment_with_lambdas_message(probe: Function) -> None:
    before = probe.invoke()
    failed = probe.invoke({"sleep": 30})
    assert failed.error == "Unhandled"
    assert failed.value["errorType"] == "Sandbox.Timedout"
    assert re.fullmatch(r"RequestId: \S+ Error: Task timed out after 2.00 seconds", failed.value["errorMessage"])
    assert "Task timed out after 2.00 seconds" in failed.log
    assert probe.invoke().value["pid"] != before.value["pid"]


def test_an_exit_is_a_runtime_error_and_the_next_invocation_starts_anew(probe: Function) -> None:
    failed = probe.invoke({"exit": 3})
    assert failed.value["errorType"] == "Runtime.ExitError"
    assert failed.value["errorMessage"].endswith("Runtime exited with error: exit status 3")
    assert probe.invoke().error is None


def test_a_crash_names_its_signal(probe: Function) -> None:
    failed = probe.invoke({"kill": True})
    assert failed.value["errorType"] == "Runtime.ExitError"
    assert failed.value["errorMessage"].endswith("Error: Runtime exited with error: signal: segmentation fault")


@pytest.mark.parametrize("hold", [0, 30], ids=["at once", "while it runs"])
def test_more_memory_than_the_function_has_kills_it(cloud: Cloud, hold: int) -> None:
    function = cloud.function(PROBE, timeout=20, MemorySize=256)
    assert function.invoke({"megabytes": 150}).error is None
    started = time.monotonic()
    failed = function.invoke({"megabytes": 300, "hold": hold})
    assert time.monotonic() - started < 10
    assert failed.value["errorType"] == "Runtime.ExitError"
    message = failed.value["errorMessage"]
    assert message.endswith("Error: Runtime exited with error: signal: killed")
    report, last = failed.log.split("REPORT ")[1].split("\n", 1)
    assert "Max Memory Used: 256 MB" in report
    assert report.endswith("Status: error\tError Type: Runtime.OutOfMemory")
    assert last == f"{message}\nRuntime.ExitError\n"
    assert function.invoke().error is None


@pytest.mark.parametrize(
    ("code", "handler", "error_type", "text"),
    [
        ("import missing_package", "app.handler", "Runtime.ImportModuleError", "No module named 'missing_package'"),
        ("def handler(:", "app.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("x = 1", "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("1 / 0", "app.handler", "ZeroDivisionError", "division by zero"),
    ],
)
def test_init_errors(cloud: Cloud, code: str, handler: str, error_type: str, text: str) -> None:
    failed = cloud.function(code, Handler=handler).invoke()
    assert (failed.error, failed.value["errorType"]) == ("Unhandled", error_type)
    assert text in failed.value["errorMessage"]


FIRST_INIT_FAILS = """
import os, sys, time
marker = os.path.join("/tmp", os.environ["MARKER"])
first = not os.path.exists(marker)
open(marker, "w").close()
print("INIT", first)
if first:
    {failure}
def handler(event, context):
    os.remove(marker)
    return "served"
"""


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        ("raise ValueError('not yet')", "error\tError Type: Runtime.Unknown"),
        ("sys.exit(1)", "error\tError Type: Runtime.ExitError"),
        ("time.sleep(60)", "timeout"),
    ],
)
def test_init_that_fails_or_takes_too_long_is_done_again_in_the_invocation(
    cloud: Cloud, failure: str, status: str
) -> None:
    marker = f"init-{uuid.uuid4().hex}"
    function = cloud.function(
        FIRST_INIT_FAILS.replace("{failure}", failure), Environment={"Variables": {"MARKER": marker}}
    )
    found = function.invoke()
    assert (found.value, found.error) == ("served", None)
    assert "Init Duration" not in found.log
    [lines] = function.logs().values()
    [report] = [line for line in lines if line.startswith("INIT_REPORT")]
    assert re.fullmatch(rf"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: {status}", report)
    assert [line for line in lines if line.startswith("INIT ")] == ["INIT True", "INIT False"]


def test_init_that_fails_again_is_the_answer(cloud: Cloud) -> None:
    function = cloud.function("print('INIT'); 1 / 0")
    assert function.invoke().value["errorType"] == "ZeroDivisionError"
    [lines] = function.logs().values()
    assert lines.count("INIT") == 2
    assert [line.split("\t")[1] for line in lines if line.startswith("INIT_REPORT")] == ["Phase: init", "Phase: invoke"]


def test_a_repeated_init_counts_for_the_time_out(cloud: Cloud) -> None:
    failed = cloud.function("import time; time.sleep(30)", timeout=1).invoke()
    assert failed.value["errorType"] == "Sandbox.Timedout"
    assert failed.value["errorMessage"].endswith("Task timed out after 1.00 seconds")


def test_payloads_end_at_six_megabytes(probe: Function) -> None:
    with pytest.raises(ClientError, match="Request must be smaller than 6291456 bytes"):
        probe.invoke({"padding": "x" * 6 * 1024 * 1024})
    failed = probe.invoke({"size": 6_291_557})
    assert failed.value["errorType"] == "Function.ResponseSizeTooLarge"
    assert len(probe.invoke({"size": 6_000_000}).value) == 6_000_000


def test_one_log_stream_per_environment_with_platform_lines(cloud: Cloud) -> None:
    function = cloud.function(PROBE)
    stream = function.invoke().value["stream"]
    function.invoke()
    logs = function.logs()
    assert list(logs) == [stream]
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)
    shape = [line.split(" ")[0] for line in logs[stream]]
    assert shape == ["START", "line", "line", "END", "REPORT"] * 2
    reports = [line for line in logs[stream] if line.startswith("REPORT")]
    assert ["Init Duration" in line for line in reports] == [True, False]
    assert re.match(
        r"REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t"
        r"Max Memory Used: \d+ MB",
        reports[0],
    )


def test_json_logs(cloud: Cloud) -> None:
    function = cloud.function(
        "import logging\ndef handler(event, context): logging.info('seen'); logging.debug('hidden')",
        LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"},
    )
    function.invoke()
    lines = [json.loads(line) for lines in function.logs().values() for line in lines]
    assert [line.get("type") or line["message"] for line in lines] == ["platform.start", "seen", "platform.report"]
    assert lines[1]["level"] == "INFO"
    assert lines[1]["requestId"] == lines[2]["record"]["requestId"]
    assert lines[2]["record"]["metrics"].keys() >= {
        "durationMs",
        "billedDurationMs",
        "initDurationMs",
        "maxMemoryUsedMB",
    }


def test_a_missing_log_group_is_not_made_unless_the_role_may(cloud: Cloud) -> None:
    function = cloud.function(PROBE)
    logs = cloud.aws("logs")
    logs.delete_log_group(logGroupName=function.log_group)
    function.invoke()
    assert not logs.describe_log_groups(logGroupNamePrefix=function.log_group)["logGroups"]
    function.allow(["logs:CreateLogGroup"], ["*"])
    function.invoke()
    assert logs.describe_log_groups(logGroupNamePrefix=function.log_group)["logGroups"]


def test_concurrent_invocations_have_environments_of_their_own_up_to_the_limit_and_wait_beyond(cloud: Cloud) -> None:
    from scripts.local.functions.environment_pool import DEFAULT_LIMIT

    function = cloud.function(
        "import os, time\ndef handler(event, context):\n time.sleep(0.3)\n return os.getpid()", timeout=10
    )
    with ThreadPoolExecutor(DEFAULT_LIMIT * 2) as pool:
        answers = list(pool.map(function.invoke, range(DEFAULT_LIMIT * 2)))
    assert [answer.error for answer in answers] == [None] * len(answers)
    assert len({answer.value for answer in answers}) == DEFAULT_LIMIT


def test_changed_code_and_configuration_take_effect_at_the_next_invocation(cloud: Cloud) -> None:
    from tests.stack.conformance.cloud import archive

    function = cloud.function("import os\ndef handler(event, context): return ['old', os.environ.get('COLOR')]")
    assert function.invoke().value == ["old", None]
    code = "import os\ndef handler(event, context): return ['new', os.environ.get('COLOR')]"
    cloud.aws("lambda").update_function_code(FunctionName=function.name, ZipFile=archive({"app.py": code}))
    assert function.invoke().value == ["new", None]
    cloud.aws("lambda").update_function_configuration(
        FunctionName=function.name, Environment={"Variables": {"COLOR": "red"}}
    )
    assert function.invoke().value == ["new", "red"]
    assert function.invoke(qualifier="1").value == ["old", None]
