data "aws_caller_identity" "current" {}

resource "aws_cloudwatch_event_bus" "this" {
  name = var.name
}

# A bus is closed to other accounts anyway; the policy keeps it so if someone opens it beside Terraform, and the plan shows it.
resource "aws_cloudwatch_event_bus_policy" "this" {
  event_bus_name = aws_cloudwatch_event_bus.this.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "NobodyOutsideThisAccount"
      Effect    = "Deny"
      Principal = "*"
      Action    = "events:PutEvents"
      Resource  = aws_cloudwatch_event_bus.this.arn
      Condition = {
        StringNotEquals = { "aws:PrincipalAccount" = data.aws_caller_identity.current.account_id }
        Bool            = { "aws:PrincipalIsAWSService" = "false" }
      }
    }]
  })
}

resource "aws_cloudwatch_event_archive" "this" {
  name             = var.name
  description      = "Every event of ${var.name}, to be replayed after a consumer was wrong."
  event_source_arn = aws_cloudwatch_event_bus.this.arn
  retention_days   = var.archive_days
}
