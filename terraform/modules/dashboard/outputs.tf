output "name" {
  description = "Name of the dashboard."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}

output "body" {
  description = "The dashboard as CloudWatch takes it, JSON."
  value       = aws_cloudwatch_dashboard.this.dashboard_body
}
