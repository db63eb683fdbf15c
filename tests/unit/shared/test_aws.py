import re
from pathlib import Path

import pytest

from shared import aws
from shared.publishing import SAFETY_SECONDS

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    aws.client.cache_clear()
    yield
    aws.client.cache_clear()


def test_clients_are_shared_and_bounded():
    client = aws.client("dynamodb")
    config = client.meta.config
    assert client is aws.client("dynamodb")
    assert (config.connect_timeout, config.read_timeout) == (aws.CONNECT_TIMEOUT_SECONDS, aws.READ_TIMEOUT_SECONDS)
    assert config.retries["total_max_attempts"] == aws.ATTEMPTS
    assert config.retries["mode"] == "standard"


def test_the_longest_call_is_over_before_any_function_is_cut_off():
    back_off = sum(2**retry for retry in range(aws.ATTEMPTS - 1))  # botocore's longest, after throttled attempts
    longest = aws.ATTEMPTS * (aws.CONNECT_TIMEOUT_SECONDS + aws.READ_TIMEOUT_SECONDS) + back_off
    assert longest == aws.LONGEST_CALL_SECONDS
    functions = "".join(path.read_text() for path in (ROOT / "terraform" / "services").glob("*/functions.tf"))
    timeouts = [int(seconds) for seconds in re.findall(r"^ +timeout += (\d+)", functions, re.MULTILINE)]
    assert len(timeouts) >= 4
    assert longest + SAFETY_SECONDS < min(timeouts)


def test_the_endpoint_comes_from_the_sdks_variable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    aws.client.cache_clear()
    assert aws.client("dynamodb").meta.endpoint_url == "http://127.0.0.1:1"


def test_an_error_has_a_name_whoever_raised_it():
    error = aws.client("dynamodb").exceptions.ClientError({"Error": {"Code": "Throttled", "Message": ""}}, "x")
    assert aws.error_code(error) == "Throttled"
    assert aws.error_code(TimeoutError()) == "TimeoutError"


@pytest.mark.parametrize(
    ("code", "throttled"),
    [("ThrottlingException", True), ("ProvisionedThroughputExceededException", True), ("AccessDeniedException", False)],
)
def test_throttling_is_told_from_other_errors(code: str, throttled: bool):
    error = aws.client("dynamodb").exceptions.ClientError({"Error": {"Code": code, "Message": ""}}, "x")
    assert aws.is_throttling(error) is throttled
    assert not aws.is_throttling(TimeoutError())
