# What is watched, drawn and paid for: docs/on-call.md tells how the catalog is used.
locals {
  of_workflow = ["StateMachineArn", aws_sfn_state_machine.this.arn]

  alarms = {
    for key, alarm in aws_cloudwatch_metric_alarm.this :
    alarm.alarm_name => { kind = local.endings[key].kind, urgency = local.endings[key].urgency }
  }

  widgets = [
    {
      title    = "${var.name}: executions"
      label    = "per minute"
      stat     = "Sum"
      overview = true
      metrics = [
        concat(["AWS/States", "ExecutionsStarted"], local.of_workflow, [{ label = "started" }]),
        concat(["AWS/States", "ExecutionsSucceeded"], local.of_workflow, [{ label = "came to their end" }]),
        concat(["AWS/States", "ExecutionsFailed"], local.of_workflow, [{ label = "failed", color = "#d62728" }]),
        concat(["AWS/States", "ExecutionsTimedOut"], local.of_workflow, [{ label = "timed out", color = "#ff7f0e" }]),
        concat(["AWS/States", "ExecutionsAborted"], local.of_workflow, [{ label = "stopped by hand", color = "#7f7f7f" }]),
      ]
    },
    {
      title = "${var.name}: time of an execution"
      label = "milliseconds"
      metrics = [
        concat(["AWS/States", "ExecutionTime"], local.of_workflow, [{ label = "p50", stat = "p50" }]),
        concat(["AWS/States", "ExecutionTime"], local.of_workflow, [{ label = "p99", stat = "p99" }]),
      ]
    },
  ]
}
