output "name" {
  description = "Name of the schedule, to pause it: aws scheduler update-schedule --state DISABLED, or `enabled`."
  value       = aws_scheduler_schedule.this.name
}

output "target" {
  description = "ARN of what the schedule invokes."
  value       = aws_scheduler_schedule.this.target[0].arn
}
