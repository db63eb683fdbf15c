locals {
  alias = "live"

  # Every function by its name in the definition, for `${name}`; numbers and texts beside them.
  definition = templatefile(var.definition_file, merge(var.functions, var.values))
}

# First, and from the name. Vended logs: their group needs no policy of its own for each state machine.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_sfn_state_machine" "this" {
  name       = var.name
  type       = var.type
  role_arn   = aws_iam_role.this.arn
  definition = local.definition
  publish    = true

  logging_configuration {
    level                  = var.log_level
    include_execution_data = false
    log_destination        = "${aws_cloudwatch_log_group.this.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  lifecycle {
    precondition {
      condition     = length(local.unused) == 0
      error_message = "${var.definition_file} does not use ${join(", ", local.unused)}: take it out of `functions` or `values`, so that the role allows nothing that is not called."
    }
  }

  # AWS checks when it is made that the role may log.
  depends_on = [aws_iam_role_policy.this]
}

# What starts executions names this. An execution keeps the version that it began with, whatever becomes of the alias.
resource "aws_sfn_alias" "live" {
  name        = local.alias
  description = "What every trigger starts."

  dynamic "routing_configuration" {
    for_each = local.routes
    content {
      state_machine_version_arn = routing_configuration.value.version_arn
      weight                    = routing_configuration.value.weight
    }
  }
}

locals {
  newest = aws_sfn_state_machine.this.state_machine_version_arn

  routes = var.shift == null ? [{ version_arn = local.newest, weight = 100 }] : [
    { version_arn = local.newest, weight = var.shift.percent },
    { version_arn = "${aws_sfn_state_machine.this.arn}:${var.shift.stable_version}", weight = 100 - var.shift.percent },
  ]

  unused = sort([
    for name in keys(merge(var.functions, var.values)) : name if !strcontains(file(var.definition_file), "$${${name}}")
  ])
}
