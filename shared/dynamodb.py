"""Values to and from DynamoDB's typed attributes. Imports the standard library only.

boto3's own serializer needs boto3 and answers Decimal; the platform's numbers are integers.
"""

from collections.abc import Mapping
from typing import Any

type Attribute = dict[str, Any]
type Item = dict[str, Attribute]


def to_attribute(value: object) -> Attribute:
    """``{"S": "text"}`` and so on; raises TypeError for what the platform does not store (floats, sets, bytes)."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
        case list() | tuple():
            return {"L": [to_attribute(element) for element in value]}
        case Mapping():
            return {"M": to_item(value)}
    raise TypeError(f"cannot store a {type(value).__name__} in DynamoDB")


def to_item(values: Mapping[str, object]) -> Item:
    """Attributes by name."""
    return {name: to_attribute(value) for name, value in values.items()}


def from_attribute(attribute: Attribute) -> Any:
    """The plain value; raises ValueError for a number that is not whole and for types that are never written."""
    [(kind, value)] = attribute.items()
    match kind:
        case "S" | "BOOL":
            return value
        case "N":
            return int(value)
        case "NULL":
            return None
        case "L":
            return [from_attribute(element) for element in value]
        case "M":
            return from_item(value)
    raise ValueError(f"unexpected DynamoDB attribute type {kind}")


def from_item(item: Item) -> dict[str, Any]:
    """Plain values by name."""
    return {name: from_attribute(attribute) for name, attribute in item.items()}
