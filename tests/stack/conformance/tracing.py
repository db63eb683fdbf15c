"""What tests of traces share: headers, the segments of a trace, summaries."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scripts.local.xray.header import TraceHeader, new_trace_id
from tests.stack.conformance.cloud import Cloud

Document = dict[str, Any]


def trace(cloud: Cloud, trace_id: str) -> list[Document]:
    """The segments of a trace, in order of their start."""
    found = cloud.aws("xray").batch_get_traces(TraceIds=[trace_id])["Traces"]
    return [json.loads(segment["Document"]) for one in found for segment in one["Segments"]]


def origins(segments: list[Document]) -> list[str]:
    return [segment["origin"] for segment in segments]


def sampled(parent: str = "") -> TraceHeader:
    return TraceHeader(new_trace_id(), parent, True)


def summaries(cloud: Cloud, expression: str = "") -> list[Any]:
    answer = cloud.aws("xray").get_trace_summaries(
        StartTime=time.time() - 600, EndTime=time.time() + 1, FilterExpression=expression
    )
    return list(answer["TraceSummaries"])


@contextmanager
def header_sent(client: Any, header: TraceHeader | None) -> Iterator[None]:
    """Every request of a boto3 client carries the header, as the SDK in a traced function sends it."""

    def add(request: Any, **_: Any) -> None:
        if header is not None:
            request.headers["X-Amzn-Trace-Id"] = str(header)

    event = f"before-sign.{client.meta.service_model.service_id.hyphenize()}"
    client.meta.events.register_first(event, add)
    try:
        yield
    finally:
        client.meta.events.unregister(event, add)
