"""AWS WAF in front of a stage."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scripts.local.settings import REGION
from tests.stack.conformance.api import Answer
from tests.stack.conformance.cloud import Cloud, unique
from tests.stack.conformance.rest_api import RestApi

BLOCK: dict[str, Any] = {"Block": {}}
NO_CHANGE = [{"Priority": 0, "Type": "NONE"}]


def metrics(name: str) -> dict[str, Any]:
    return {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": name}


def rule(priority: int, statement: dict[str, Any], action: dict[str, Any], **more: Any) -> dict[str, Any]:
    name = f"rule-{priority}"
    found = {"Name": name, "Priority": priority, "Statement": statement, "VisibilityConfig": metrics(name), **more}
    return found if "OverrideAction" in more else {**found, "Action": action}


def byte_match(text: str, position: str, field: dict[str, Any], *transformations: str) -> dict[str, Any]:
    changes = [{"Priority": number, "Type": kind} for number, kind in enumerate(transformations)] or NO_CHANGE
    return {
        "ByteMatchStatement": {
            "SearchString": text.encode(),
            "PositionalConstraint": position,
            "FieldToMatch": field,
            "TextTransformations": changes,
        }
    }


def ip_set(cloud: Cloud, *blocks: str) -> dict[str, Any]:
    made = cloud.aws("wafv2").create_ip_set(
        Name=unique("ips"), Scope="REGIONAL", IPAddressVersion="IPV4", Addresses=list(blocks)
    )
    return {"IPSetReferenceStatement": {"ARN": made["Summary"]["ARN"]}}


class Protected:
    """A stage that answers 200, behind a web ACL."""

    def __init__(self, cloud: Cloud, *rules: dict[str, Any], default: str = "Allow", **more: Any) -> None:
        self._waf = cloud.aws("wafv2")
        self.api = RestApi(cloud)
        mock = {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
        self.api.method("ANY", "/{name}", mock)
        self.api.deploy()
        name = unique("acl")
        self.acl = self._waf.create_web_acl(
            Name=name,
            Scope="REGIONAL",
            DefaultAction={default: {}},
            Rules=list(rules),
            VisibilityConfig=metrics(name),
            **more,
        )["Summary"]
        self._waf.associate_web_acl(WebACLArn=self.acl["ARN"], ResourceArn=self.api.stage_arn)

    def update(self, *rules: dict[str, Any]) -> None:
        self._waf.update_web_acl(
            Name=self.acl["Name"],
            Id=self.acl["Id"],
            Scope="REGIONAL",
            LockToken=self.acl["LockToken"],
            DefaultAction={"Allow": {}},
            Rules=list(rules),
            VisibilityConfig=metrics(self.acl["Name"]),
        )

    def get(self, path: str = "/x", ip: str = "192.0.2.1", **more: Any) -> Answer:
        headers = {"X-Forwarded-For": ip, **more.pop("headers", {})}
        return self.api.request(more.pop("verb", "GET"), path, headers=headers, **more)


def test_what_is_blocked_gets_the_waf_filtered_response(cloud: Cloud) -> None:
    waf = Protected(cloud, rule(0, ip_set(cloud, "203.0.113.0/24", "198.51.100.7/32"), BLOCK))
    assert waf.get(ip="192.0.2.1").status == 200
    blocked = waf.get(ip="203.0.113.9")
    assert (blocked.status, blocked.body) == (403, {"message": "Forbidden"})
    assert blocked.headers["x-amzn-errortype"] == "ForbiddenException"
    waf.api.gateway.put_gateway_response(
        restApiId=waf.api.id,
        responseType="WAF_FILTERED",
        statusCode="429",
        responseTemplates={"application/json": '{"type":"$context.error.responseType"}'},
    )
    waf.api.deploy()
    answer = waf.get(ip="198.51.100.7")
    assert (answer.status, answer.body) == (429, {"type": "WAF_FILTERED"})


def test_without_an_association_nothing_is_blocked(cloud: Cloud) -> None:
    waf = Protected(cloud, default="Block")
    assert waf.get().status == 403
    cloud.aws("wafv2").disassociate_web_acl(ResourceArn=waf.api.stage_arn)
    assert waf.get().status == 200


def test_too_many_requests_of_an_address_are_blocked(cloud: Cloud) -> None:
    rate = {"RateBasedStatement": {"Limit": 10, "EvaluationWindowSec": 60, "AggregateKeyType": "IP"}}
    waf = Protected(cloud, rule(0, rate, BLOCK))
    assert [waf.get(ip="192.0.2.1").status for _ in range(12)] == [200] * 10 + [403] * 2
    assert waf.get(ip="192.0.2.2").status == 200


def test_a_rate_can_be_that_of_some_requests_only(cloud: Cloud) -> None:
    only_logins = byte_match("/v1/login", "EXACTLY", {"UriPath": {}})
    rate = {"RateBasedStatement": {"Limit": 10, "AggregateKeyType": "IP", "ScopeDownStatement": only_logins}}
    waf = Protected(cloud, rule(0, rate, BLOCK))
    assert {waf.get("/other").status for _ in range(12)} == {200}
    assert [waf.get("/login").status for _ in range(11)] == [200] * 10 + [403]


@pytest.mark.parametrize(
    ("statement", "bad", "good"),
    [
        (
            byte_match("evil", "CONTAINS", {"SingleHeader": {"Name": "user-agent"}}, "LOWERCASE"),
            {"headers": {"User-Agent": "An EVIL bot"}},
            {"headers": {"User-Agent": "A bot"}},
        ),
        (
            byte_match("../", "CONTAINS", {"SingleQueryArgument": {"Name": "file"}}, "URL_DECODE"),
            {"query": {"file": "%2e%2e%2fsecret"}},
            {"query": {"other": "../"}},
        ),
        (byte_match("/v1/admin", "STARTS_WITH", {"UriPath": {}}), {"path": "/admin-x"}, {"path": "/x-admin"}),
        (byte_match("DELETE", "EXACTLY", {"Method": {}}), {"verb": "DELETE"}, {"verb": "POST"}),
        (
            byte_match("drop table", "CONTAINS_WORD", {"Body": {}}, "LOWERCASE", "COMPRESS_WHITE_SPACE"),
            {"verb": "POST", "body": "x; DROP   TABLE y"},
            {"verb": "POST", "body": "xdrop tabley"},
        ),
        (
            {
                "SizeConstraintStatement": {
                    "FieldToMatch": {"Body": {"OversizeHandling": "MATCH"}},
                    "ComparisonOperator": "GT",
                    "Size": 100,
                    "TextTransformations": NO_CHANGE,
                }
            },
            {"verb": "POST", "body": "x" * 20_000},
            {"verb": "POST", "body": "x" * 100},
        ),
        (
            {
                "RegexMatchStatement": {
                    "RegexString": "^[a-z]=[0-9]+$",
                    "FieldToMatch": {"QueryString": {}},
                    "TextTransformations": NO_CHANGE,
                }
            },
            {"query": {"a": "12"}},
            {"query": {"a": "b"}},
        ),
        (
            {
                "AndStatement": {
                    "Statements": [
                        byte_match("POST", "EXACTLY", {"Method": {}}),
                        {"NotStatement": {"Statement": byte_match("key", "EXACTLY", {"SingleHeader": {"Name": "k"}})}},
                    ]
                }
            },
            {"verb": "POST"},
            {"verb": "POST", "headers": {"k": "key"}},
        ),
    ],
)
def test_statements(cloud: Cloud, statement: dict[str, Any], bad: dict[str, Any], good: dict[str, Any]) -> None:
    waf = Protected(cloud, rule(0, statement, BLOCK))
    assert (waf.get(**dict(bad)).status, waf.get(**dict(good)).status) == (403, 200)


def test_rules_are_tried_by_priority_until_one_blocks_or_allows(cloud: Cloud) -> None:
    mine = byte_match("mine", "CONTAINS", {"UriPath": {}})
    waf = Protected(
        cloud,
        rule(3, byte_match("/v1/", "STARTS_WITH", {"UriPath": {}}), BLOCK),
        rule(1, byte_match("/v1/", "STARTS_WITH", {"UriPath": {}}), {"Count": {}}, RuleLabels=[{"Name": "seen"}]),
        rule(2, {"AndStatement": {"Statements": [mine, label("seen")]}}, {"Allow": {}}),
    )
    assert (waf.get("/mine").status, waf.get("/other").status) == (200, 403)


def label(name: str) -> dict[str, Any]:
    return {"LabelMatchStatement": {"Scope": "LABEL", "Key": name}}


def test_a_rule_group_blocks_unless_it_only_counts(cloud: Cloud) -> None:
    inner = rule(0, byte_match("bad", "CONTAINS", {"UriPath": {}}), BLOCK)
    group = cloud.aws("wafv2").create_rule_group(
        Name=unique("group"), Scope="REGIONAL", Capacity=10, Rules=[inner], VisibilityConfig=metrics("group")
    )["Summary"]["ARN"]
    reference = {"RuleGroupReferenceStatement": {"ARN": group}}
    waf = Protected(cloud, rule(0, reference, {}, OverrideAction={"None": {}}))
    assert (waf.get("/bad").status, waf.get("/good").status) == (403, 200)
    waf.update(rule(0, reference, {}, OverrideAction={"Count": {}}))
    assert waf.get("/bad").status == 200


def test_a_managed_rule_group_is_accepted_and_blocks_nothing(cloud: Cloud) -> None:
    managed = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}}
    waf = Protected(cloud, rule(0, managed, {}, OverrideAction={"None": {}}))
    assert waf.get(query={"q": "<script>"}).status == 200


def test_a_block_can_have_its_own_response(cloud: Cloud) -> None:
    body = json.dumps({"type": "slow_down"})
    response = {
        "ResponseCode": 429,
        "CustomResponseBodyKey": "slow",
        "ResponseHeaders": [{"Name": "Retry-After", "Value": "60"}],
    }
    waf = Protected(
        cloud,
        rule(0, byte_match("bad", "CONTAINS", {"UriPath": {}}), {"Block": {"CustomResponse": response}}),
        CustomResponseBodies={"slow": {"ContentType": "APPLICATION_JSON", "Content": body}},
    )
    answer = waf.get("/bad")
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (429, {"type": "slow_down"}, "60")


def test_the_web_acl_comes_before_the_api_key(cloud: Cloud) -> None:
    waf = Protected(cloud, rule(0, byte_match("bad", "CONTAINS", {"UriPath": {}}), BLOCK))
    operation = {"op": "replace", "path": "/apiKeyRequired", "value": "true"}
    waf.api.gateway.update_method(
        restApiId=waf.api.id, resourceId=waf.api.resource("/{name}"), httpMethod="ANY", patchOperations=[operation]
    )
    waf.api.gateway.put_gateway_response(restApiId=waf.api.id, responseType="INVALID_API_KEY", statusCode="401")
    waf.api.deploy()
    assert (waf.get("/bad").status, waf.get("/good").status) == (403, 401)


def test_blocked_and_allowed_requests_are_counted_by_rule(cloud: Cloud) -> None:
    waf = Protected(cloud, rule(0, byte_match("bad", "CONTAINS", {"UriPath": {}}), BLOCK))
    for path in ("/bad", "/bad", "/good"):
        waf.get(path)
    assert counted(cloud, "BlockedRequests", waf.acl["Name"], "rule-0") == 2
    assert counted(cloud, "BlockedRequests", waf.acl["Name"], "ALL") == 2
    assert counted(cloud, "AllowedRequests", waf.acl["Name"], "Default_Action") == 1


def counted(cloud: Cloud, name: str, web_acl: str, rule_name: str) -> float:
    now = datetime.now(UTC)
    dimensions = {"WebACL": web_acl, "Region": REGION, "Rule": rule_name}
    found = cloud.aws("cloudwatch").get_metric_statistics(
        Namespace="AWS/WAFV2",
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=10),
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in found))
