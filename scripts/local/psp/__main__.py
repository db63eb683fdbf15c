"""`python -m scripts.local.psp --port 4700`: the payment provider alone, on 127.0.0.1."""

from __future__ import annotations

import asyncio
import signal
import sys
from argparse import ArgumentParser
from contextlib import suppress

from scripts.local import http_server
from scripts.local.psp.service import PaymentProvider


async def _serve(port: int, books: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    provider = PaymentProvider(books)
    sys.stderr.write(f"payment provider: http://127.0.0.1:{port}\n")
    try:
        await http_server.serve(provider, port, stop)
    finally:
        await provider.close()


def main() -> None:
    parser = ArgumentParser(prog="python -m scripts.local.psp", description="A payment provider with test methods.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--books", default=":memory:", help="SQLite file that keeps what it knows (default: none)")
    arguments = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(arguments.port, arguments.books))


if __name__ == "__main__":
    main()
