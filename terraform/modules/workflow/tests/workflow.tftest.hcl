mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:group" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/role" }
  }
  mock_resource "aws_sfn_state_machine" {
    defaults = {
      arn                       = "arn:aws:states:eu-west-1:123456789012:stateMachine:tradepost-test-work"
      state_machine_version_arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:tradepost-test-work:4"
    }
  }
}

variables {
  name            = "tradepost-test-work"
  definition_file = "tests/fixtures/two_steps.asl.json"
  functions = {
    stock  = "arn:aws:lambda:eu-west-1:123456789012:function:stock:live"
    charge = "arn:aws:lambda:eu-west-1:123456789012:function:charge:live"
  }
  values           = { seconds = 30 }
  kms_key_arn      = "arn:aws:kms:eu-west-1:123456789012:key/0"
  alarm_actions    = { page = ["arn:aws:sns:eu-west-1:123456789012:page"], inform = ["arn:aws:sns:eu-west-1:123456789012:inform"] }
  runbook_base_url = "https://example.com/runbooks"
}

run "invokes_aliases_and_nothing_else" {
  command = apply

  assert {
    condition     = [for state in values(jsondecode(aws_sfn_state_machine.this.definition).States) : state.Arguments.FunctionName] == [var.functions.charge, var.functions.stock]
    error_message = "The definition must name the aliases."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.this.definition).States.Reserve.TimeoutSeconds == "{% 30 %}"
    error_message = "The definition must have the values."
  }
  assert {
    condition     = flatten([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Resource if contains(statement.Action, "lambda:InvokeFunction")]) == [var.functions.charge, var.functions.stock]
    error_message = "The role must invoke exactly the functions of the definition."
  }
  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : contains(["InvokeFunctions", "DeliverLogs", "SendTraces"], statement.Sid) && !anytrue([for action in statement.Action : strcontains(action, "*")])])
    error_message = "The role must allow invocations, logs and traces, and no wildcard action."
  }
}

run "is_watched" {
  command = apply

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/vendedlogs/states/tradepost-test-work" && aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arn
    error_message = "The log group must be there, encrypted, under the prefix of vended logs."
  }
  assert {
    condition     = aws_sfn_state_machine.this.logging_configuration[0].include_execution_data == false && aws_sfn_state_machine.this.tracing_configuration[0].enabled
    error_message = "Logs must hold no data, and executions be traced."
  }
  assert {
    condition     = { for key, alarm in aws_cloudwatch_metric_alarm.this : alarm.metric_name => alarm.alarm_name } == { ExecutionsFailed = "tradepost-test-work-failed", ExecutionsTimedOut = "tradepost-test-work-timed-out", ExecutionsAborted = "tradepost-test-work-aborted", ExecutionThrottled = "tradepost-test-work-throttled" }
    error_message = "Each way to end badly must have its alarm."
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : strcontains(alarm.alarm_description, "Runbook: https://example.com/runbooks/workflow-") && alarm.dimensions.StateMachineArn == aws_sfn_state_machine.this.arn])
    error_message = "Each alarm must watch this state machine and name its runbook."
  }
}

run "the_alias_is_at_the_newest_version" {
  command = apply

  assert {
    condition     = aws_sfn_state_machine.this.publish && aws_sfn_alias.live.name == "live" && [for route in aws_sfn_alias.live.routing_configuration : route.weight] == [100] && endswith(aws_sfn_alias.live.routing_configuration[0].state_machine_version_arn, ":4")
    error_message = "The alias must send all new executions to the newest version."
  }
}

run "a_definition_can_be_shifted" {
  command = apply
  variables {
    shift = { stable_version = 3, percent = 10 }
  }

  assert {
    condition     = { for route in aws_sfn_alias.live.routing_configuration : reverse(split(":", route.state_machine_version_arn))[0] => route.weight } == { "4" = 10, "3" = 90 }
    error_message = "The newest version must get its share, the stable one the rest."
  }
}

run "refuses_a_bare_function" {
  command = plan
  variables {
    functions = { stock = "arn:aws:lambda:eu-west-1:123456789012:function:stock", charge = "arn:aws:lambda:eu-west-1:123456789012:function:charge:live" }
  }
  expect_failures = [var.functions]
}

run "refuses_a_version" {
  command = plan
  variables {
    functions = { stock = "arn:aws:lambda:eu-west-1:123456789012:function:stock:7", charge = "arn:aws:lambda:eu-west-1:123456789012:function:charge:live" }
  }
  expect_failures = [var.functions]
}

run "refuses_what_the_definition_does_not_use" {
  command = plan
  variables {
    functions = {
      stock  = "arn:aws:lambda:eu-west-1:123456789012:function:stock:live"
      charge = "arn:aws:lambda:eu-west-1:123456789012:function:charge:live"
      other  = "arn:aws:lambda:eu-west-1:123456789012:function:other:live"
    }
  }
  expect_failures = [aws_sfn_state_machine.this]
}

run "refuses_out_of_range" {
  command = plan
  variables {
    type      = "FAST"
    log_level = "DEBUG"
    values    = { seconds = "arn:aws:lambda:eu-west-1:123456789012:function:other:live" }
    shift     = { stable_version = 0, percent = 101 }
  }
  expect_failures = [var.type, var.log_level, var.values, var.shift]
}
