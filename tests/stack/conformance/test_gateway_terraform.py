"""Everything around a REST API through Terraform: applied, read back unchanged, changed in place, destroyed."""

from pathlib import Path
from typing import Any

import pytest

from tests.stack.conformance.cloud import Cloud
from tests.stack.conformance.gateway_stack import STACK, changed
from tests.stack.conformance.terraform_run import TerraformRun


@pytest.mark.slow
def test_a_rest_api_with_its_cache_and_web_acl(cloud: Cloud, tmp_path: Path) -> None:
    terraform, gateway = TerraformRun(tmp_path, cloud.endpoint), cloud.aws("apigateway")
    terraform.configure(STACK)
    assert " 0 changed, 0 destroyed" in terraform.apply()
    terraform.configure(changed(STACK))
    assert "1 added, 12 changed, 1 destroyed" in terraform.apply(), "all others were read back as they were written"
    assert terraform.changes() == ""
    [api] = names(gateway)["terraform-api"]
    stage = gateway.get_stage(restApiId=api, stageName="v1")
    assert (stage["cacheClusterSize"], stage["cacheClusterStatus"]) == ("1.6", "AVAILABLE")
    assert "destroyed" in terraform.apply(destroy=True)
    assert "terraform-api" not in names(gateway)


def names(gateway: Any) -> dict[str, list[str]]:
    """The ids of all REST APIs by name."""
    found: dict[str, list[str]] = {}
    for page in gateway.get_paginator("get_rest_apis").paginate():
        for api in page["items"]:
            found.setdefault(api["name"], []).append(api["id"])
    return found
