resource "aws_lambda_layer_version" "this" {
  layer_name               = var.name
  description              = var.description
  s3_bucket                = var.artifact.bucket
  s3_key                   = var.artifact.key
  compatible_runtimes      = [var.runtime]
  compatible_architectures = var.architectures

  # Published function versions keep using the layer version they were published with: a rollback needs it.
  skip_destroy = true
}
