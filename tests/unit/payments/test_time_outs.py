"""Time-outs nest: an exchange with the provider inside the function's, and that inside the workflow's."""

import re
from pathlib import Path

from payments.adapters.provider_http import ProviderHttp
from payments.handlers.charge import WRITES_SECONDS

TERRAFORM = Path("terraform/services/payments")
LONGEST_READ_TIMEOUT = 6.0
WORKFLOW_SECONDS = 60


def test_the_longest_exchange_fits_into_the_function():
    [timeout] = re.findall(r"charge = \{.*?timeout\s+= (\d+)", (TERRAFORM / "functions.tf").read_text(), re.DOTALL)
    assert f"timeout_seconds <= {LONGEST_READ_TIMEOUT:.0f}" in (TERRAFORM / "variables.tf").read_text()
    longest = ProviderHttp("https://provider", LONGEST_READ_TIMEOUT, None).longest_call_seconds  # type: ignore[arg-type]
    assert longest + WRITES_SECONDS < int(timeout) < WORKFLOW_SECONDS
