"""Rebuilding the read model: refresh every order's row, then remove the rows that no event stands behind.

Safe beside traffic: each row is written under the same condition as the stream's projection, events are read
consistently, and a row always comes after its first event, so that a row without events is not one in the making.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from orders import projection
from orders.adapters.event_store import EventStore
from orders.adapters.read_model import ReadModel
from shared import observability, paging
from shared.dynamodb import Item, from_item, to_item

PAGE_SIZE = 100
REBUILD = "rebuild"
SWEEP = "sweep"
_LIST = "replay"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a replay goes on: its phase, and the key of the table of that phase to go on after (None: the start)."""

    phase: str = REBUILD
    after: Item | None = None

    def to_token(self) -> str:
        """The cursor as the text that a caller hands back."""
        key = from_item(self.after or {})
        return paging.encode(_LIST, " ".join([self.phase, *(str(key[name]) for name in sorted(key))]))


def read_cursor(token: str | None) -> Cursor:
    """The cursor of a token that an earlier call answered; raises InvalidTokenError for any other text."""
    if token is None:
        return Cursor()
    match paging.decode(_LIST, token, str).split(" "):
        case ["rebuild", order_id, sequence] if sequence.isdecimal():
            return Cursor(REBUILD, to_item({"order_id": order_id, "sequence": int(sequence)}))
        case ["sweep", order_id]:
            return Cursor(SWEEP, to_item({"order_id": order_id}))
        case ["sweep"]:
            return Cursor(SWEEP)
    raise paging.InvalidTokenError("not a cursor of replay; send `next` of the last call unchanged, or null")


@dataclass(slots=True)
class Progress:
    """What one call did: orders refreshed, rows removed, orders that failed (see the log); next None: all is done."""

    orders: int = 0
    removed: int = 0
    failed: int = 0
    next: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The answer of the function."""
        return {"orders": self.orders, "removed": self.removed, "failed": self.failed, "next": self.next}


def replay(
    store: EventStore, read_model: ReadModel, cursor: Cursor, limit: int | None, has_time: Callable[[], bool]
) -> Progress:
    """Go on from the cursor until the end, ``limit`` orders and rows, or until time runs short; one at the least."""
    progress = Progress()
    steps = _steps(store, read_model, cursor, progress)
    for done, resume in enumerate(steps, start=1):
        if done == limit or not has_time():
            progress.next = resume.to_token()
            break
    return progress


def _steps(store: EventStore, read_model: ReadModel, cursor: Cursor, progress: Progress) -> Iterator[Cursor]:
    """Do the work one order or row at a time; yields where to go on after each."""
    if cursor.phase == REBUILD:
        for order_id in _pages(store.first_events, cursor.after):
            _refresh(store, read_model, order_id, progress)
            yield Cursor(REBUILD, to_item({"order_id": order_id, "sequence": 1}))
        cursor = Cursor(SWEEP)
        yield cursor
    for order_id, sequence in _pages(read_model.scan, cursor.after):
        if not store.load(order_id):
            progress.removed += read_model.delete(order_id, sequence)
        yield Cursor(SWEEP, to_item({"order_id": order_id}))


def _pages[Row](
    fetch: Callable[[Item | None, int], tuple[list[Row], Item | None]], after: Item | None
) -> Iterator[Row]:
    while True:
        rows, after = fetch(after, PAGE_SIZE)
        yield from rows
        if after is None:
            return


def _refresh(store: EventStore, read_model: ReadModel, order_id: str, progress: Progress) -> None:
    try:
        projection.refresh(store, read_model, order_id)
    except Exception:  # noqa: BLE001 - logged and counted
        # One order that cannot be read must not keep all others from being rebuilt.
        observability.logger.exception("order not replayed", extra={"order_id": order_id})
        progress.failed += 1
    else:
        progress.orders += 1
