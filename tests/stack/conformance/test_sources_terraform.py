"""Terraform's queue, mapping, rule target and schedule: applied, read back unchanged, changed in place, destroyed."""

from pathlib import Path

import pytest

from tests.stack.conformance.cloud import Cloud
from tests.stack.conformance.targets import open_queue, role
from tests.stack.conformance.terraform_run import TerraformRun
from tests.stack.conformance.test_queues import POLLING

CONFIGURATION = """
resource "aws_lambda_event_source_mapping" "queue" {
  event_source_arn                   = "%(source)s"
  function_name                      = "%(function)s"
  batch_size                         = 20
  maximum_batching_window_in_seconds = 1
  function_response_types            = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 4
  }

  filter_criteria {
    filter {
      pattern = jsonencode({ body = { kind = ["order"] } })
    }
  }
}

resource "aws_lambda_event_source_mapping" "stream" {
  event_source_arn               = "%(stream)s"
  function_name                  = "%(function)s"
  starting_position              = "LATEST"
  parallelization_factor         = 2
  bisect_batch_on_function_error = true
  maximum_retry_attempts         = 3
  maximum_record_age_in_seconds  = 3600

  destination_config {
    on_failure {
      destination_arn = "%(letters)s"
    }
  }
}

resource "aws_cloudwatch_event_rule" "it" {
  name          = "terraform-rule"
  event_pattern = jsonencode({ source = ["terraform"] })
}

resource "aws_cloudwatch_event_target" "it" {
  rule      = aws_cloudwatch_event_rule.it.name
  target_id = "queue"
  arn       = "%(letters)s"

  retry_policy {
    maximum_retry_attempts       = 5
    maximum_event_age_in_seconds = 600
  }

  dead_letter_config {
    arn = "%(letters)s"
  }

  input_transformer {
    input_paths    = { n = "$.detail.n" }
    input_template = "{\\"n\\": <n>}"
  }
}

resource "aws_scheduler_schedule_group" "it" {
  name = "terraform-group"
}

resource "aws_scheduler_schedule" "it" {
  name                         = "terraform-schedule"
  group_name                   = aws_scheduler_schedule_group.it.name
  schedule_expression          = "cron(0 3 * * ? *)"
  schedule_expression_timezone = "Europe/Dublin"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "%(letters)s"
    role_arn = "%(role)s"
    input    = jsonencode({ kind = "nightly" })

    retry_policy {
      maximum_retry_attempts       = 5
      maximum_event_age_in_seconds = 600
    }

    dead_letter_config {
      arn = "%(letters)s"
    }
  }
}
"""


@pytest.mark.slow
def test_sources_and_targets_are_applied_read_changed_and_destroyed(cloud: Cloud, tmp_path: Path) -> None:
    function = cloud.function("def handler(event, context): pass")
    _, stream = cloud.table()
    _, source = cloud.queue()
    _, letters = open_queue(cloud)
    function.allow([*POLLING, "dynamodb:*", "sqs:SendMessage"], ["*"])
    names = {
        "source": source,
        "stream": stream,
        "letters": letters,
        "function": function.arn,
        "role": role(cloud, "scheduler.amazonaws.com", ["sqs:SendMessage"], [letters]),
    }
    terraform, text = TerraformRun(tmp_path, cloud.endpoint), CONFIGURATION % names
    terraform.configure(text)
    assert "6 added, 0 changed, 0 destroyed" in terraform.apply()
    assert terraform.changes() == ""
    terraform.configure(
        text.replace("maximum_retry_attempts       = 5", "maximum_retry_attempts       = 7")
        .replace("maximum_concurrency = 4", "maximum_concurrency = 6")
        .replace("maximum_retry_attempts         = 3", "maximum_retry_attempts         = 4")
    )
    assert "0 added, 4 changed, 0 destroyed" in terraform.apply()
    assert terraform.changes() == ""
    assert "6 destroyed" in terraform.apply(destroy=True)
