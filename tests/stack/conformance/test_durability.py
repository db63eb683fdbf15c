"""What survives a stop, and a kill: tables, stream positions, objects, functions, APIs."""

import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from scripts.local import engine, launcher
from scripts.local.settings import REGION, Settings
from scripts.local.snapshot import SAVE_SECONDS
from tests.ports import free_port
from tests.stack.conformance.api import Api
from tests.stack.conformance.cloud import Cloud, unique
from tests.stack.conformance.test_streams import Consumer
from tests.waiting import eventually


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    own = Settings(tmp_path, free_port())
    yield own
    launcher.down(own)


@pytest.fixture
def cloud(settings: Settings) -> Cloud:
    launcher.up(settings)
    return Cloud(settings.endpoint)


def pid(settings: Settings) -> int:
    running = launcher.status(settings)
    assert running is not None
    return running.pid


def test_everything_is_there_after_down_and_up(settings: Settings, cloud: Cloud) -> None:
    table, stream = cloud.table()
    consumer = Consumer(cloud, stream, BatchSize=1)
    api = Api(cloud, cloud.function("def handler(event, context): return {'statusCode': 204}"))
    bucket = unique("bucket")
    cloud.aws("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    cloud.aws("s3").put_object(Bucket=bucket, Key="k", Body=b"kept")
    large = {"Bucket": bucket, "Key": "large"}
    upload = cloud.aws("s3").create_multipart_upload(**large, Tagging="a=b")["UploadId"]
    part = cloud.aws("s3").upload_part(**large, UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    cloud.aws("s3").complete_multipart_upload(
        **large, UploadId=upload, MultipartUpload={"Parts": [{"ETag": part, "PartNumber": 1}]}
    )
    cloud.put(table, "a", "b")
    eventually(lambda: consumer.saw("b"))
    consumer.update(Enabled=False)
    cloud.put(table, "c")
    assert launcher.down(settings) is True
    assert launcher.down(settings) is False
    launcher.up(settings)

    assert consumer.ids() == [["a"], ["b"]]
    cloud.put(table, "d")
    consumer.update(Enabled=True)
    eventually(lambda: consumer.saw("d"))
    assert consumer.ids() == [["a"], ["b"], ["c"], ["d"]]
    assert cloud.aws("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"kept"
    assert cloud.aws("s3").get_object_tagging(**large)["TagSet"] == [{"Key": "a", "Value": "b"}]
    assert api.request("GET", "/open").status == 204


def test_a_killed_cloud_has_every_acknowledged_write_and_all_but_the_last_seconds_of_the_rest(
    settings: Settings, cloud: Cloud
) -> None:
    table, stream = cloud.table()
    consumer = Consumer(cloud, stream, BatchSize=1)
    cloud.put(table, "a")
    eventually(lambda: consumer.saw("a"))
    snapshot = settings.state_dir / "snapshot.json"
    eventually(lambda: snapshot.exists() and consumer.mapping in snapshot.read_text(), SAVE_SECONDS + 5)
    consumer.update(Enabled=False)
    items = [str(number) for number in range(50)]
    cloud.put(table, *items)
    cloud.aws("dynamodb").delete_item(TableName=table, Key={"id": {"S": "7"}})
    killed = pid(settings)
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: launcher.status(settings) is None)
    launcher.up(settings)

    found = cloud.aws("dynamodb").scan(TableName=table)["Items"]
    assert {item["id"]["S"] for item in found} == {"a", *items} - {"7"}
    consumer.update(Enabled=True)
    eventually(lambda: consumer.saw(*items))
    assert consumer.ids().count(["a"]) <= 1, "the position of the poller was kept"
    assert pid(settings) != killed


@dataclass
class Writer:
    """Writes numbered things in a thread of its own until it is cut off; notes when each was acknowledged."""

    write: Callable[[int], object]
    acknowledged: dict[int, float] = field(default_factory=dict)

    def start(self) -> None:
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        for number in itertools.count():
            try:
                self.write(number)
            except (BotoCoreError, ClientError):
                return
            self.acknowledged[number] = time.monotonic()


def test_a_kill_in_the_middle_of_writes_loses_only_what_is_younger_than_the_window(
    settings: Settings, cloud: Cloud
) -> None:
    table, _ = cloud.table()
    bucket, prefix = unique("bucket"), f"/{unique('parameters')}"
    cloud.aws("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    items = Writer(lambda number: cloud.put(table, str(number)))
    objects = Writer(lambda number: cloud.aws("s3").put_object(Bucket=bucket, Key=str(number), Body=b"kept"))
    parameters = Writer(
        lambda number: cloud.aws("ssm").put_parameter(Name=f"{prefix}/{number}", Value="kept", Type="String")
    )
    created = snapshot_time(settings)
    eventually(lambda: snapshot_time(settings) > created, SAVE_SECONDS + 5)
    writers = (items, objects, parameters)
    for writer in writers:
        writer.start()
    first = snapshot_time(settings)
    eventually(lambda: snapshot_time(settings) > first, SAVE_SECONDS + 5)
    enough = max(parameters.acknowledged) + 20
    eventually(lambda: enough in parameters.acknowledged and all(len(writer.acknowledged) > 50 for writer in writers))
    killed_at = time.monotonic()
    os.kill(pid(settings), signal.SIGKILL)
    eventually(lambda: launcher.status(settings) is None)
    launcher.up(settings)

    found = {item["id"]["S"] for item in cloud.aws("dynamodb").scan(TableName=table)["Items"]}
    assert {str(number) for number in items.acknowledged} <= found, "no acknowledged item is lost"
    bodies = {
        number: cloud.aws("s3").get_object(Bucket=bucket, Key=str(number))["Body"].read()
        for number in objects.acknowledged
    }
    assert set(bodies.values()) == {b"kept"}, "no acknowledged object is lost"
    pages = cloud.aws("ssm").get_paginator("get_parameters_by_path").paginate(Path=prefix)
    names = {int(one["Name"].rpartition("/")[2]) for page in pages for one in page["Parameters"]}
    lost = {number: killed_at - at for number, at in parameters.acknowledged.items() if number not in names}
    assert names, "there was a save while the writers were at work"
    assert max(lost.values(), default=0.0) < SAVE_SECONDS + 1


def snapshot_time(settings: Settings) -> float:
    file = settings.state_dir / "snapshot.json"
    return file.stat().st_mtime if file.exists() else 0.0


def test_a_stop_finishes_what_is_in_flight_and_refuses_the_rest(settings: Settings, cloud: Cloud) -> None:
    code = (
        "import time\ndef handler(event, context):\n time.sleep(1.5)\n return {'statusCode': 200, 'body': '\"done\"'}"
    )
    api = Api(cloud, cloud.function(code))
    answers = []
    request = threading.Thread(target=lambda: answers.append(api.request("GET", "/open")))
    request.start()
    eventually(lambda: (launcher.status(settings) or pytest.fail("the cloud has gone")).environments)
    os.kill(pid(settings), signal.SIGTERM)

    def refused() -> http.client.HTTPResponse | None:
        connection = http.client.HTTPConnection("127.0.0.1", settings.port, timeout=5)
        connection.request("GET", f"/restapis/{api.id}/v1/_user_request_/nowhere")
        answer = connection.getresponse()
        answer.body = json.loads(answer.read())  # type: ignore[attr-defined]
        connection.close()
        return answer if answer.status == 503 else None

    answer = eventually(refused)
    assert answer is not None
    assert answer.getheader("content-type") == "application/problem+json"
    assert answer.getheader("connection") == "close"
    assert answer.body["status"] == 503  # type: ignore[attr-defined]
    request.join(10)
    assert [(found.status, found.body) for found in answers] == [(200, "done")]


def test_up_twice_changes_nothing_and_the_port_is_remembered(
    settings: Settings, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = launcher.status(settings)
    again = launcher.up(settings)
    assert first is not None
    assert (again.pid, again.started_at) == (first.pid, first.started_at)
    monkeypatch.setenv("TRADEPOST_LOCAL_DIR", str(settings.home))
    monkeypatch.delenv("TRADEPOST_PORT", raising=False)
    assert Settings.load() == settings
    with pytest.raises(launcher.LocalCloudError, match="already runs on port"):
        launcher.up(Settings(settings.home, settings.port + 1))


def test_it_listens_on_the_loopback_interface_only(settings: Settings, cloud: Cloud) -> None:
    import socket

    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in addresses - {"127.0.0.1", "127.0.1.1"}:
        with socket.socket() as probe:
            probe.settimeout(1)
            assert probe.connect_ex((str(address), settings.port)) != 0


def test_a_stale_pid_file_is_ignored_even_when_its_pid_lives(settings: Settings) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        settings.cloud_file.write_text(json.dumps({"pid": other.pid, "port": settings.port}))
        assert launcher.status(settings) is None
        assert launcher.down(settings) is False
        assert launcher.up(settings).pid != other.pid
        launcher.down(settings)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_taken_port_says_who_has_it_and_how_to_choose_another(settings: Settings) -> None:
    import socket

    with socket.create_server(("127.0.0.1", settings.port)), pytest.raises(launcher.LocalCloudError) as error:
        launcher.up(settings)
    assert f"Port {settings.port} is taken by" in str(error.value)
    assert "TRADEPOST_PORT=" in str(error.value)


def test_a_crash_at_start_shows_the_end_of_the_log(settings: Settings) -> None:
    settings.state_dir.mkdir()
    (settings.state_dir / "snapshot.json").write_text("{ not json")
    started = time.monotonic()
    with pytest.raises(launcher.LocalCloudError) as error:
        launcher.up(settings)
    assert "snapshot.json" in str(error.value)
    assert time.monotonic() - started < 30


def test_events_that_wait_for_their_retry_survive_a_stop(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEPOST_ASYNC_RETRY_SECONDS", "2")
    launcher.up(settings)
    cloud = Cloud(settings.endpoint)
    function = cloud.function("def handler(event, context):\n print('CALL', context.aws_request_id); 1 / 0")
    sent = cloud.aws("lambda").invoke(FunctionName=function.name, InvocationType="Event", Payload=b"{}")
    call = f"CALL {sent['ResponseMetadata']['RequestId']}"

    def calls() -> int:
        return sum(line == call for lines in function.logs().values() for line in lines)

    eventually(lambda: calls() == 1)
    launcher.down(settings)
    monkeypatch.setenv("TRADEPOST_ASYNC_RETRY_SECONDS", "0.1")
    launcher.up(settings)
    eventually(lambda: calls() == 3)


def test_a_ministack_that_the_modules_were_not_tested_with_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "TESTED_VERSION", "0.9.9")
    with pytest.raises(launcher.LocalCloudError) as error:
        launcher.up(settings)
    assert f"ministack {engine.version()} is installed; the local cloud was tested with 0.9.9" in str(error.value)
    assert "make setup" in str(error.value)
    assert launcher.status(settings) is None
    assert not settings.log_file.exists(), "no process was started"
