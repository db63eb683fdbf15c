"""Traces by Powertools' Tracer, which imports the X-Ray SDK and patches every library that it knows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools import Tracer

tracer = Tracer()


@contextmanager
def span(name: str, **annotations: str | int | bool) -> Iterator[None]:
    """Time the block as a part of the request's trace."""
    subsegment: Any
    with tracer.provider.in_subsegment(name) as subsegment:
        for key, value in annotations.items():
            subsegment.put_annotation(key, value)
        yield
