"""The account that the services of the component tests work in."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from moto import mock_aws


@contextmanager
def moto_account(variables: Mapping[str, str]) -> Iterator[None]:
    """An empty account of moto's, which a service finds by its own variables, as on Lambda."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        for name, value in variables.items():
            environment.setenv(name, value)
        environment.delenv("AWS_ENDPOINT_URL", raising=False)
        yield
