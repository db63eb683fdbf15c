"""Web ACLs by themselves: time windows, and statements that conformance tests do not reach."""

from typing import Any

import pytest

from scripts.local.gateway.firewall import Firewall
from scripts.local.gateway.firewall_statements import Sets, WebRequest, matches

RATE = {"RateBasedStatement": {"Limit": 10, "EvaluationWindowSec": 60, "AggregateKeyType": "IP"}}


def request(**more: Any) -> WebRequest:
    settings = {"ip": "192.0.2.1", "method": "GET", "path": "/v1/x", "query": {}, "headers": {}, "body": b""}
    return WebRequest(**{**settings, **more})


def acl(statement: dict[str, Any]) -> dict[str, Any]:
    visibility = {"MetricName": "m"}
    rule = {"Name": "r", "Priority": 0, "Statement": statement, "Action": {"Block": {}}, "VisibilityConfig": visibility}
    return {"ARN": "arn", "Rules": [rule], "DefaultAction": {"Allow": {}}, "VisibilityConfig": visibility}


def test_a_rate_is_that_of_its_window() -> None:
    now = 0.0
    firewall = Firewall(lambda: now)

    def blocked() -> bool:
        return firewall.evaluate(acl(RATE), request()).blocked

    assert [blocked() for _ in range(11)] == [False] * 10 + [True]
    now = 59.0
    assert blocked()
    now = 61.0
    assert not blocked()


def test_a_raised_limit_counts_anew() -> None:
    firewall = Firewall(lambda: 0.0)
    higher = {"RateBasedStatement": {**RATE["RateBasedStatement"], "Limit": 20}}
    for _ in range(11):
        firewall.evaluate(acl(RATE), request())
    assert [firewall.evaluate(acl(higher), request()).blocked for _ in range(21)] == [False] * 20 + [True]


@pytest.mark.parametrize(
    ("statement", "of", "expected"),
    [
        ({"LabelMatchStatement": {"Scope": "NAMESPACE", "Key": "a:"}}, request(labels={"awswaf:a:b"}), True),
        ({"LabelMatchStatement": {"Scope": "LABEL", "Key": "b"}}, request(labels={"awswaf:a:bb"}), False),
        ({"GeoMatchStatement": {"CountryCodes": ["IE"]}}, request(), False),
        ({"IPSetReferenceStatement": {"ARN": "set"}}, request(ip="10.1.2.3"), True),
        ({"IPSetReferenceStatement": {"ARN": "set"}}, request(ip="2001:db8::1"), False),
        (
            {"IPSetReferenceStatement": {"ARN": "set", "IPSetForwardedIPConfig": {"HeaderName": "X-Client"}}},
            request(headers={"x-client": "10.0.0.1, 192.0.2.1"}),
            True,
        ),
        (
            {
                "IPSetReferenceStatement": {
                    "ARN": "set",
                    "IPSetForwardedIPConfig": {"HeaderName": "X-Client", "FallbackBehavior": "MATCH"},
                }
            },
            request(headers={"x-client": "nonsense"}),
            True,
        ),
        (
            {
                "RegexPatternSetReferenceStatement": {
                    "ARN": "patterns",
                    "FieldToMatch": {"AllQueryArguments": {}},
                    "TextTransformations": [{"Priority": 0, "Type": "HTML_ENTITY_DECODE"}],
                }
            },
            request(query={"q": ["a", "&lt;b&gt;"]}),
            True,
        ),
    ],
)
def test_statements(statement: dict[str, Any], of: WebRequest, expected: bool) -> None:
    sets = Sets(lambda _: ["10.0.0.0/8"], lambda _: ["^x$", "<b>"], lambda _settings, _key: False)
    assert matches(statement, of, sets) is expected
