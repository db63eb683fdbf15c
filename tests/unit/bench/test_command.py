import sys

import pytest

from scripts.bench import command
from scripts.console import Failure


def test_without_linux_it_says_why_it_skips_and_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    command.bench()
    assert "awslambdaric" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it skips before it looks")
def test_rounds_must_make_sense() -> None:
    with pytest.raises(Failure, match="-1 rounds"):
        command.bench(rounds=-1)
