"""Settings, snapshots, admission: the process around the engine, without the engine."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from scripts.local import processes
from scripts.local.admission import Admission
from scripts.local.settings import DEFAULT_PORT, Settings, SettingsError, write_cloud_file
from scripts.local.snapshot import SnapshotError, Snapshots


def test_settings_come_from_the_environment_then_from_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEPOST_LOCAL_DIR", str(tmp_path))
    monkeypatch.delenv("TRADEPOST_PORT", raising=False)
    assert Settings.load() == Settings(tmp_path, DEFAULT_PORT)
    write_cloud_file(tmp_path / "cloud.json", {"pid": None, "port": 5001})
    assert Settings.load().endpoint == "http://127.0.0.1:5001"
    monkeypatch.setenv("TRADEPOST_PORT", "5002")
    assert Settings.load().port == 5002


@pytest.mark.parametrize("port", ["80", "70000", "many"])
def test_a_wrong_port_is_named(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEPOST_PORT", port)
    with pytest.raises(SettingsError, match=port):
        Settings.load()


def test_the_owner_of_a_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        owner = processes.port_owner(server.getsockname()[1])
    assert owner == "another process" or "python" in owner or "pytest" in owner


def test_a_snapshot_gives_back_what_was_saved_with_large_bytes_as_files(tmp_path: Path) -> None:
    code = bytes(100_000)
    Snapshots(tmp_path).save({"lambda": lambda: {"zip": code, "small": b"x"}, "unused": lambda: None})
    assert len((tmp_path / "snapshot.json").read_bytes()) < 1_000
    again = Snapshots(tmp_path)
    assert again.load("lambda") == {"zip": code, "small": b"x"}
    assert again.load("unused") is None


def test_blobs_that_nothing_names_are_removed(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    snapshots.save({"lambda": lambda: bytes(100_000)})
    snapshots.save({"lambda": lambda: bytes(200_000)})
    [blob] = (tmp_path / "blobs").iterdir()
    assert blob.stat().st_size == 200_000


def test_state_that_changes_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    tries = iter([RuntimeError("dictionary changed size during iteration"), None])

    def state() -> dict[str, int]:
        if error := next(tries):
            raise error
        return {"a": 1}

    Snapshots(tmp_path).save({"iam": state})
    assert Snapshots(tmp_path).load("iam") == {"a": 1}


def test_a_damaged_snapshot_is_refused(tmp_path: Path) -> None:
    (tmp_path / "snapshot.json").write_text('{"services": {')
    with pytest.raises(SnapshotError, match=r"snapshot\.json"):
        Snapshots(tmp_path)


def test_while_stopping_only_functions_are_let_in() -> None:
    served: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        served.append(scope["path"])

    admission = Admission(app, dict, lambda: None)
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {}

    def request(path: str, authorization: bytes = b"") -> None:
        scope = {"type": "http", "method": "POST", "path": path, "headers": [(b"authorization", authorization)]}
        asyncio.run(admission(scope, receive, send))

    request("/before")
    admission.stop()
    request("/client")
    request("/root", b"AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/dynamodb/aws4_request")
    request("/function", b"AWS4-HMAC-SHA256 Credential=ASIA123/20260101/eu-west-1/dynamodb/aws4_request")
    assert served == ["/before", "/function"]
    assert [message["status"] for message in sent if "status" in message] == [503, 503]
    assert admission.in_flight == 0
