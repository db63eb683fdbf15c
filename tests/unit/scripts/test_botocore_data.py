"""The reduced data folder, on small stand-ins."""

import gzip
import json

import pytest

from scripts.build.botocore_data import ENDPOINTS, is_kept, reduce


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("botocore/data/endpoints.json", True),
        ("botocore/data/dynamodb/2012-08-10/service-2.json.gz", True),
        ("botocore/data/dynamodb/2012-08-10/examples-1.json", False),
        ("botocore/data/ec2/2016-11-15/service-2.json.gz", False),
        ("botocore/data/README", False),
    ],
)
def test_services_in_use_and_what_all_need_are_kept(name: str, kept: bool) -> None:
    assert is_kept(name, frozenset({"dynamodb"})) is kept


def test_models_lose_their_texts_but_not_a_member_of_that_name() -> None:
    model = {
        "metadata": {"endpointPrefix": "events"},
        "documentation": "<p>long</p>",
        "shapes": {"A": {"members": {"documentation": {"shape": "B"}}}},
    }
    name = "botocore/data/events/2015-10-07/service-2.json"
    reduced = reduce({f"{name}.gz": gzip.compress(json.dumps(model).encode())})
    assert list(reduced) == [name], "plain JSON, as botocore reads it too"
    assert json.loads(reduced[name]) == {key: part for key, part in model.items() if key != "documentation"}


def test_endpoints_keep_partitions_and_the_services_in_use() -> None:
    services = {"states": {"e": 1}, "stepfunctions": {}, "ec2": {}}
    partition = {"partition": "aws", "regions": {"eu-west-1": {}}, "services": services}
    endpoints = json.dumps({"version": 3, "partitions": [partition]}).encode()
    model = json.dumps({"metadata": {"endpointPrefix": "states"}}).encode()
    reduced = reduce({ENDPOINTS: endpoints, "botocore/data/stepfunctions/2016-11-23/service-2.json": model})
    expected = {"version": 3, "partitions": [partition | {"services": {"states": {"e": 1}}}]}
    assert json.loads(reduced[ENDPOINTS]) == expected


def test_other_files_stay_as_they_are() -> None:
    contents = {"botocore/client.py": b"x", "botocore/data/events/2015-10-07/paginators-1.json": b"{}"}
    assert reduce(contents) == contents
