"""The running provider: its application, its books and the task that posts webhooks."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from scripts.local.psp.api import Provider
from scripts.local.psp.ledger import Ledger
from scripts.local.psp.webhooks import Webhooks

if TYPE_CHECKING:
    from pathlib import Path

    from scripts.local.admission import Receive, Scope, Send

PATH = "/_tradepost/payment-provider"
"""Where the local cloud has it, below its own port."""

FILE = "payment-provider.sqlite3"


class PaymentProvider:
    """Made inside a running event loop; `close` ends it and keeps what it knows."""

    def __init__(self, books: Path | str, path: str = "") -> None:
        self._path = path
        self._ledger = Ledger(books)
        self._webhooks = Webhooks(self._ledger)
        self._app = Provider(self._ledger, self._webhooks).asgi
        self._posting: asyncio.Task[None] | None = asyncio.create_task(self._webhooks.run())

    def owns(self, scope: Scope) -> bool:
        """Whether a request is for the provider."""
        return scope["type"] == "http" and str(scope.get("path", "")).startswith(self._path + "/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            inside = {**scope, "root_path": self._path}
            await self._app(inside, receive, send)

    async def stop_webhooks(self) -> None:
        """Post no more, once what is being posted has ended; what is due stays due."""
        if self._posting is not None:
            posting, self._posting = self._posting, None
            posting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await posting

    async def close(self) -> None:
        await self.stop_webhooks()
        self._ledger.close()
