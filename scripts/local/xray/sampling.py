"""Sampling rules: the first rule by priority that fits a request decides, by reservoir (requests/s) and then rate."""

from __future__ import annotations

import fnmatch
import random
import threading
import time
from dataclasses import dataclass
from typing import Any

from scripts.local.settings import ACCOUNT_ID, REGION

Rule = dict[str, Any]
DEFAULT_PRIORITY = 10000
_MATCHED = ("ServiceName", "ServiceType", "Host", "HTTPMethod", "URLPath", "ResourceARN")


@dataclass(frozen=True, slots=True)
class Request:
    """What rules look at."""

    service_name: str
    service_type: str
    resource_arn: str
    host: str = "*"
    method: str = "*"
    path: str = "*"

    def value(self, name: str) -> str:
        return {
            "ServiceName": self.service_name,
            "ServiceType": self.service_type,
            "Host": self.host,
            "HTTPMethod": self.method,
            "URLPath": self.path,
            "ResourceARN": self.resource_arn,
        }[name]


def default_rule() -> Rule:
    """AWS's: the first request of each second, and 5 % of the others."""
    everything: Rule = dict.fromkeys(_MATCHED, "*")
    return everything | {
        "RuleName": "Default",
        "RuleARN": f"arn:aws:xray:{REGION}:{ACCOUNT_ID}:sampling-rule/Default",
        "Priority": DEFAULT_PRIORITY,
        "FixedRate": 0.05,
        "ReservoirSize": 1,
        "Version": 1,
        "Attributes": {},
    }


class Sampling:
    """The rules (by name, the records that GetSamplingRules lists) and the decisions."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[tuple[str, str], tuple[int, int]] = {}
        self.records: dict[str, Rule] = {}
        self.reset()

    def reset(self) -> None:
        now = time.time()
        self.records = {"Default": {"SamplingRule": default_rule(), "CreatedAt": now, "ModifiedAt": now}}

    def decide(self, request: Request) -> bool:
        """Whether a request that nobody has decided about is traced."""
        rules = [record["SamplingRule"] for record in list(self.records.values())]
        fitting = [rule for rule in rules if _fits(rule, request)]
        if not fitting:
            return False
        rule = min(fitting, key=lambda found: (found["Priority"], found["RuleName"]))
        return self._from_reservoir(rule, request.service_name) or random.random() < float(rule["FixedRate"])  # noqa: S311  not a secret

    def _from_reservoir(self, rule: Rule, service: str) -> bool:
        """Each service has a reservoir of its own: Lambda takes one request a second of each function."""
        second = int(time.time())
        place = rule["RuleName"], service
        with self._lock:
            last, taken = self._taken.get(place, (second, 0))
            taken = taken if last == second else 0
            self._taken[place] = (second, taken + 1)
        return taken < int(rule["ReservoirSize"])


def _fits(rule: Rule, request: Request) -> bool:
    return all(_like(request.value(name), str(rule.get(name, "*"))) for name in _MATCHED)


def _like(value: str, pattern: str) -> bool:
    return pattern == "*" or fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))
