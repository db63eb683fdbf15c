"""Tracing: the one module that knows the X-Ray SDK, which leaves support in 2027.

Importing pulls in the standard library only. The SDK is imported when the first sampled request arrives; outside
Lambda and for requests that are not sampled a span does nothing. Nothing is patched: spans stand where they are wanted.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def span(name: str, **annotations: str | int | bool) -> Iterator[None]:
    """Time the block as a part of the request's trace; an exception marks the part as failed and goes on."""
    if not _is_sampled():
        yield
        return
    from aws_xray_sdk.core import xray_recorder

    subsegment: Any = xray_recorder.begin_subsegment(name)
    try:
        for key, value in annotations.items():
            subsegment.put_annotation(key, value)
        yield
    except Exception as error:
        subsegment.add_exception(error, [])
        raise
    finally:
        xray_recorder.end_subsegment()


def _is_sampled() -> bool:
    """Lambda names the trace and its sampling decision in the environment, anew for each request."""
    return "LAMBDA_TASK_ROOT" in os.environ and "Sampled=1" in os.environ.get("_X_AMZN_TRACE_ID", "")
