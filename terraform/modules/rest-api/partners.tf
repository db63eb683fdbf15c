resource "aws_api_gateway_usage_plan" "partners" {
  name        = "${var.name}-partners"
  description = "What one partner may use of ${var.name}."

  api_stages {
    api_id = aws_api_gateway_rest_api.this.id
    stage  = aws_api_gateway_stage.this.stage_name
  }

  throttle_settings {
    rate_limit  = var.partner_limits.requests_per_second
    burst_limit = var.partner_limits.burst
  }

  quota_settings {
    limit  = var.partner_limits.requests_per_day
    period = "DAY"
  }
}

# AWS makes the values: none is in a file. The key's id is the partner's identity, so a key is replaced only on purpose.
resource "aws_api_gateway_api_key" "partner" {
  for_each = var.partners

  name        = "${var.name}-${each.key}"
  description = "Partner ${each.key}"
}

resource "aws_api_gateway_usage_plan_key" "partner" {
  for_each = var.partners

  usage_plan_id = aws_api_gateway_usage_plan.partners.id
  key_id        = aws_api_gateway_api_key.partner[each.key].id
  key_type      = "API_KEY"
}
