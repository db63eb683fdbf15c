"""AWS WAF in front of REST APIs: the web ACL that is associated with a stage decides on each request.

A rate-based rule counts exactly and acts at once, where AWS estimates and may take half a minute.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scripts.local import engine
from scripts.local.gateway.firewall_statements import Sets, WebRequest, matches
from scripts.local.settings import REGION

_RATE_KEYS = 10_000
_TERMINATING = ("Block", "Allow")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a web ACL decided. `custom` is the response (status, headers, body) that its block action defines."""

    blocked: bool
    rule: str
    metric: str
    web_acl_metric: str
    custom: tuple[int, dict[str, str], bytes] | None = None


@dataclass(frozen=True, slots=True)
class _Match:
    """The rule that ended the evaluation, the name of its metric, and its action."""

    rule: str
    metric: str
    action: dict[str, Any]


class Firewall:
    """Evaluates web ACLs. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._requests: dict[tuple[str, str], deque[float]] = {}
        self._lock = threading.Lock()

    def check(self, api_id: str, stage: str, request: WebRequest) -> Verdict | None:
        """The verdict of the stage's web ACL, None when it has none."""
        waf = engine.service("waf")
        arn = waf._associations.get(f"arn:aws:apigateway:{REGION}::/restapis/{api_id}/stages/{stage}")
        acl = next((found for found in waf._web_acls.values() if found["ARN"] == arn), None) if arn else None
        if acl is None:
            return None
        verdict = self.evaluate(acl, request)
        _count(verdict)
        return verdict

    def evaluate(self, acl: dict[str, Any], request: WebRequest) -> Verdict:
        """The first rule, by priority, that matches and blocks or allows; else the default action."""
        default = _Match("Default_Action", "Default_Action", acl["DefaultAction"])
        found = self._first_action(acl["Rules"], request, acl["ARN"]) or default
        block = found.action.get("Block")
        custom = _custom(block.get("CustomResponse"), acl) if block else None
        return Verdict(block is not None, found.rule, found.metric, acl["VisibilityConfig"]["MetricName"], custom)

    def _first_action(self, rules: list[dict[str, Any]], request: WebRequest, owner: str) -> _Match | None:
        for rule in sorted(rules, key=lambda found: found["Priority"]):
            group = rule["Statement"].get("RuleGroupReferenceStatement")
            if group:
                found = self._first_action(_rule_group(group["ARN"]), request, group["ARN"])
                if found and "Count" not in (rule.get("OverrideAction") or {}):
                    return _Match(rule["Name"], rule["VisibilityConfig"]["MetricName"], found.action)
            elif matches(rule["Statement"], request, self._sets(f"{owner}/{rule['Name']}")):
                request.labels.update(label["Name"] for label in rule.get("RuleLabels") or [])
                action = rule.get("Action") or {}
                if any(kind in action for kind in _TERMINATING):
                    return _Match(rule["Name"], rule["VisibilityConfig"]["MetricName"], action)
        return None

    def _sets(self, rule: str) -> Sets:
        return Sets(_addresses, _patterns, lambda settings, key: self._over_rate(rule, settings, key))

    def _over_rate(self, rule: str, settings: dict[str, Any], key: str) -> bool:
        """Count a request; whether this key made more than the limit within the evaluation window."""
        now = self._clock()
        since = now - int(settings.get("EvaluationWindowSec") or 300)
        limit = int(settings["Limit"])
        with self._lock:
            if len(self._requests) >= _RATE_KEYS:
                self._requests = {name: times for name, times in self._requests.items() if times[-1] > since}
            times = self._requests.setdefault((f"{rule}/{limit}", key), deque(maxlen=limit + 1))
            times.append(now)
            while times[0] <= since:
                times.popleft()
            return len(times) > limit


def _count(verdict: Verdict) -> None:
    """AWS/WAFV2's metric of a request, for its rule and for all rules."""
    record = engine.service("cloudwatch").record_metric
    name = "BlockedRequests" if verdict.blocked else "AllowedRequests"
    for rule in (verdict.metric, "ALL"):
        dimensions = {"WebACL": verdict.web_acl_metric, "Region": REGION, "Rule": rule}
        record("AWS/WAFV2", name, 1.0, "Count", dimensions)


def _custom(settings: dict[str, Any] | None, acl: dict[str, Any]) -> tuple[int, dict[str, str], bytes] | None:
    if not settings:
        return None
    headers = {header["Name"]: header["Value"] for header in settings.get("ResponseHeaders") or []}
    body = (acl.get("CustomResponseBodies") or {}).get(settings.get("CustomResponseBodyKey"))
    kinds = {"APPLICATION_JSON": "application/json", "TEXT_HTML": "text/html", "TEXT_PLAIN": "text/plain"}
    if body:
        headers["Content-Type"] = kinds[body["ContentType"]]
    return int(settings["ResponseCode"]), headers, body["Content"].encode() if body else b""


def _rule_group(arn: str) -> list[dict[str, Any]]:
    return list((_by_arn("_rule_groups", arn) or {}).get("Rules", []))


def _addresses(arn: str) -> list[str]:
    return list((_by_arn("_ip_sets", arn) or {}).get("Addresses", []))


def _patterns(arn: str) -> list[str]:
    found = _by_arn("_regex_pattern_sets", arn) or {}
    return [entry["RegexString"] for entry in found.get("RegularExpressionList", [])]


def _by_arn(store: str, arn: str) -> dict[str, Any] | None:
    return next((found for found in getattr(engine.service("waf"), store).values() if found["ARN"] == arn), None)


def install() -> None:
    """Keep what WAF's API otherwise forgets of a web ACL: custom response bodies, and a changed description."""
    waf = engine.service("waf")
    create, update = waf.create_web_acl_record, waf._update_web_acl

    def create_with_bodies(name: str, scope: str, properties: dict[str, Any]) -> Any:
        uid, arn, record = create(name, scope, properties)
        _keep(record, properties)
        return uid, arn, record

    def update_with_bodies(data: dict[str, Any]) -> Any:
        answer = update(data)
        if answer[0] == 200:
            _keep(waf._resource_from_scope(waf._web_acls, data["Id"], data["Scope"]), data)
        return answer

    waf.create_web_acl_record = create_with_bodies
    waf._update_web_acl = update_with_bodies


def _keep(record: dict[str, Any], properties: dict[str, Any]) -> None:
    record["Description"] = properties.get("Description", "")
    for name in ("AssociationConfig", "CustomResponseBodies", "TokenDomains"):
        if name in properties:
            record[name] = properties[name]
        else:
            record.pop(name, None)
