# What is watched, drawn and paid for: docs/on-call.md tells how the catalog is used.
locals {
  alarms = { (aws_cloudwatch_metric_alarm.throttles.alarm_name) = { kind = "table-throttles", urgency = "page" } }

  consumed = {
    for pair in setproduct(keys(local.throttle_sources), ["Read", "Write"]) :
    lower("${pair[0]}_${pair[1]}") => { dimensions = flatten([for name, value in local.throttle_sources[pair[0]] : [name, value]]), kind = pair[1] }
  }

  widgets = [{
    title = "${var.name}: capacity used"
    label = "units per minute"
    stat  = "Sum"
    metrics = [
      for id, one in local.consumed :
      concat(["AWS/DynamoDB", "Consumed${one.kind}CapacityUnits"], one.dimensions, [{ label = replace(trimprefix(id, "table_"), "_", " ") }])
    ]
  }]

  usage = [
    for one in local.consumed :
    { metric = concat(["AWS/DynamoDB", "Consumed${one.kind}CapacityUnits"], one.dimensions), charge = one.kind == "Read" ? "dynamodb_read_unit" : "dynamodb_write_unit", factor = 1 }
  ]
}
