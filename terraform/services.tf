module "orders" {
  source = "./services/orders"

  stack       = local.stack
  artifact    = { bucket = aws_s3_object.artifact["orders"].bucket, key = aws_s3_object.artifact["orders"].key }
  concurrency = try(var.concurrency["orders"], {})
}

# Looks after the functions of the services above.
module "operations" {
  source = "./services/operations"

  stack             = local.stack
  artifact          = { bucket = aws_s3_object.artifact["operations"].bucket, key = aws_s3_object.artifact["operations"].key }
  application       = local.name
  checked_functions = [for function in module.orders.functions : function.name]
}
