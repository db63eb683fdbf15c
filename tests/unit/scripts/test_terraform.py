"""The wrapper, around a small script that stands for terraform and writes down how it was called."""

import json
from pathlib import Path

import pytest

from scripts import terraform as wrapper
from scripts.console import Failure
from scripts.environment import Environment
from scripts.terraform import Terraform
from scripts.terraform_program import Program

SCRIPT = """#!/bin/sh
echo "$TF_DATA_DIR $AWS_ENDPOINT_URL $*" >> "{folder}/calls"
cat "{folder}/answer" 2>/dev/null
[ ! -e "{folder}/fails" ]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRADEPOST_LOCAL_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("TRADEPOST_PORT", "4999")
    monkeypatch.setenv("HOME", str(tmp_path))
    script = tmp_path / "terraform-script"
    script.write_text(SCRIPT.format(folder=tmp_path))
    script.chmod(0o755)
    fake = Program("terraform", script, (1, 11, 4))
    monkeypatch.setattr(wrapper, "program", lambda: fake)
    monkeypatch.setattr(wrapper, "settings", lambda given, data: given | {"TF_DATA_DIR": str(data)})
    monkeypatch.setattr(wrapper, "ROOT", tmp_path)
    source = tmp_path / "stack"
    (source / "env").mkdir(parents=True)
    (source / "env" / "local.tfvars").touch()
    (source / "env" / "local.s3.tfbackend").write_text('key = "local"\n')
    (source / "main.tf").write_text('module "a" {\n  source = "./a"\n}\n')
    return tmp_path


def stack(folder: Path) -> Terraform:
    return Terraform(Environment.named("local"), folder / "stack")


def calls(folder: Path) -> list[str]:
    file = folder / "calls"
    return file.read_text().splitlines() if file.exists() else []


def test_init_names_the_state_of_the_environment_and_is_done_once(folder: Path) -> None:
    assert stack(folder).init()
    assert not stack(folder).init()
    (call,) = calls(folder)
    assert call.startswith(f"{folder}/home/terraform/stack http://127.0.0.1:4999 -chdir={folder}/stack init")
    assert f"-backend-config={folder}/stack/env/local.s3.tfbackend" in call
    assert "-backend-config=bucket=tradepost-state-000000000000-eu-west-1" in call


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("main.tf", 'module "a" {\n  source = "./b"\n}\n'),
        ("env/local.s3.tfbackend", 'key = "other"\n'),
        (".terraform.lock.hcl", "a provider"),
    ],
)
def test_init_is_done_again_when_its_inputs_change(folder: Path, file: str, text: str) -> None:
    stack(folder).init()
    (folder / "stack" / file).write_text(text)
    assert stack(folder).init()


def test_a_failed_init_is_not_remembered(folder: Path) -> None:
    (folder / "fails").touch()
    (folder / "answer").write_text("connection refused\n")
    with pytest.raises(Failure, match="terraform init failed:\nconnection refused") as failure:
        stack(folder).init()
    assert "make up" in failure.value.hint
    (folder / "fails").unlink()
    assert stack(folder).init()


def test_plan_and_apply_follow_the_output_and_keep_it(folder: Path) -> None:
    change = {"type": "planned_change", "change": {"resource": {"addr": "a.b"}, "action": "create"}}
    (folder / "answer").write_text(json.dumps(change) + "\n")
    terraform = stack(folder)
    terraform.data_dir.mkdir(parents=True)
    planned = terraform.plan()
    assert planned.summary() == "1 to create"
    terraform.plan_file.touch()
    done = [{"type": kind, "hook": {"resource": {"addr": "a.b"}}} for kind in ("apply_start", "apply_complete")]
    (folder / "answer").write_text("\n".join(map(json.dumps, done)) + "\n")
    assert terraform.apply(planned).finished == ["a.b"]
    plan, apply = calls(folder)
    assert f"-var-file={folder}/stack/env/local.tfvars" in plan
    assert f"plan -json -parallelism=20 -lock-timeout=60s -out={terraform.plan_file}" in plan
    assert apply.endswith(f"apply -json -parallelism=20 -lock-timeout=60s {terraform.plan_file}")
    assert not terraform.plan_file.exists(), "a plan is applied once"
    log = terraform.log_file.read_text()
    assert "planned_change" in log
    assert "apply_complete" in log


def test_errors_are_shown_in_full_with_what_to_do(folder: Path) -> None:
    diagnostic = {"summary": "Error acquiring the state lock", "detail": "ID: 42"}
    (folder / "answer").write_text(
        json.dumps({"type": "diagnostic", "@level": "error", "diagnostic": diagnostic}) + "\n"
    )
    (folder / "fails").touch()
    terraform = stack(folder)
    terraform.data_dir.mkdir(parents=True)
    with pytest.raises(Failure, match=r"terraform plan failed:\nError acquiring the state lock\nID: 42") as failure:
        terraform.plan()
    assert "force-unlock" in failure.value.hint


def test_outputs_come_by_name(folder: Path) -> None:
    terraform = stack(folder)
    terraform.init()
    (folder / "answer").write_text(json.dumps({"url": {"value": "http://x", "type": "string"}}))
    assert terraform.output() == {"url": "http://x"}
