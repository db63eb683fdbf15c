"""Spans through the real X-Ray SDK, as Lambda runs it: what the daemon receives."""

import json
import socket
import subprocess
import sys
from typing import Any

import pytest

CODE = """
from shared.tracing import span
with span("outer", order_id="ord_1", attempt=2):
    try:
        with span("inner"):
            raise KeyError("x")
    except KeyError:
        pass
"""
TRACE_ID = "1-5759e988-bd862e3fe1be46a994272793"


@pytest.fixture
def received() -> dict[str, Any]:
    """Subsegments by name, as a stand-in of the daemon receives them over UDP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(10)
        environment = {
            "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
            "LAMBDA_TASK_ROOT": "/var/task",
            "PATH": "",
            "PYTHONPATH": ".",
            "_X_AMZN_TRACE_ID": f"Root={TRACE_ID};Parent=53995c3f42cd8ad8;Sampled=1",
        }
        subprocess.run([sys.executable, "-W", "ignore", "-c", CODE], check=True, env=environment)
        documents = [json.loads(daemon.recv(65_536).decode().partition("\n")[2]) for _ in range(2)]
        return {document["name"]: document for document in documents}


def test_spans_reach_the_daemon(received: dict[str, Any]):
    assert received["outer"]["trace_id"] == TRACE_ID
    assert received["outer"]["parent_id"] == "53995c3f42cd8ad8"
    assert received["outer"]["annotations"] == {"order_id": "ord_1", "attempt": 2}
    assert received["outer"]["end_time"] >= received["outer"]["start_time"]
    assert "fault" not in received["outer"]
    assert received["inner"]["parent_id"] == received["outer"]["id"]
    assert received["inner"]["fault"] is True
    assert received["inner"]["cause"]["exceptions"][0]["type"] == "KeyError"
