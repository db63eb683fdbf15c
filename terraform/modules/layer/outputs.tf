output "arn" {
  description = "ARN of the layer version, as functions take it."
  value       = aws_lambda_layer_version.this.arn
}
