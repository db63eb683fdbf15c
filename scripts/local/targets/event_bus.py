"""EventBridge: what a rule gives to its targets; a bus keeps the policy it is given."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from scripts.local import engine
from scripts.local.functions.functions import inbound_trace
from scripts.local.targets.target_access import EVENTS
from scripts.local.targets.target_calls import Delivery
from scripts.local.targets.target_deliveries import TargetDeliveries

SCHEDULED_RULES_SECONDS = 1
"""How often rules with a schedule are looked at."""


def install(deliveries: TargetDeliveries) -> None:
    """Make up for what ministack does.

    It tries a target once and forgets it, gives a replay to every rule, and turns a whole policy into an Allow for
    everyone.
    """
    buses = engine.service("eventbridge")
    put_permission = buses._put_permission

    def give_to_target(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        if not _replays_to(event, rule["Arn"]):
            return
        view = view or buses._pattern_event_view(event)
        content, now = view.event_with_detail(), time.time()
        delivery = Delivery(
            id=str(uuid.uuid4()),
            principal=EVENTS,
            source_arn=rule["Arn"],
            target=target,
            payload=_payload(target, rule, view, content),
            letter=json.dumps(content),
            accepted=now,
            due=now,
            event=event,
            trace=inbound_trace.get(),
        )
        deliveries.accept(delivery)

    def put_whole_policy(data: dict[str, Any]) -> Any:
        if not data.get("Policy"):
            return put_permission(data)
        buses._event_bus_policies[data.get("EventBusName", "default")] = json.loads(data["Policy"])
        return 200, {"Content-Type": "application/x-amz-json-1.1"}, b"{}"

    buses._invoke_target = give_to_target
    buses._put_permission = put_whole_policy
    buses._SCHEDULER_TICK_INTERVAL = SCHEDULED_RULES_SECONDS


def _replays_to(event: dict[str, Any], rule_arn: str) -> bool:
    """Whether a rule gets an event: one that is replayed goes to the rules that the replay names, or else to all."""
    replay = engine.service("eventbridge")._replays.get(event.get("ReplayName")) or {}
    rules = (replay.get("Destination") or {}).get("FilterArns") or []
    return not rules or rule_arn in rules


def _payload(target: dict[str, Any], rule: dict[str, Any], view: Any, content: dict[str, Any]) -> str:
    """The event, or what the target's Input, InputPath or InputTransformer makes of it."""
    if target.get("InputTransformer"):
        return str(engine.service("eventbridge")._apply_input_transformer(target["InputTransformer"], rule, view))
    if target.get("Input"):
        return str(target["Input"])
    found: Any = content
    for part in (target.get("InputPath") or "$").lstrip("$").strip(".").split("."):
        if part:
            found = found.get(part) if isinstance(found, dict) else None
    return json.dumps(content if found is None else found)
