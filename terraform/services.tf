module "orders" {
  source = "./services/orders"

  stack       = local.stack
  artifact    = { bucket = aws_s3_object.artifact["orders"].bucket, key = aws_s3_object.artifact["orders"].key }
  concurrency = try(var.concurrency["orders"], {})
}
