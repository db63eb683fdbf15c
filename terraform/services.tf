# One block per service. To add one: its name in `service_names`, its block, and its entry in `shop_services`.
locals {
  service_names = ["inventory", "operations", "orders", "payments"]

  # Services of the shop; operations looks after their functions.
  shop_services = {
    inventory = module.inventory
    orders    = module.orders
    payments  = module.payments
  }
  services = merge(local.shop_services, { operations = module.operations })

  service_artifacts = {
    for name in local.service_names : name => { bucket = aws_s3_object.artifact[name].bucket, key = aws_s3_object.artifact[name].key }
  }
}

module "inventory" {
  source = "./services/inventory"

  stack               = local.stack
  artifact            = local.service_artifacts["inventory"]
  concurrency         = lookup(var.concurrency, "inventory", {})
  low_stock_threshold = var.low_stock_threshold
}

module "orders" {
  source = "./services/orders"

  stack       = local.stack
  artifact    = local.service_artifacts["orders"]
  concurrency = lookup(var.concurrency, "orders", {})
}

module "payments" {
  source = "./services/payments"

  stack       = local.stack
  artifact    = local.service_artifacts["payments"]
  concurrency = lookup(var.concurrency, "payments", {})
  vpc         = module.network.vpc
  payment_provider = {
    url               = var.payment_provider_url
    timeout_seconds   = var.payment_provider_timeout_seconds
    key_rotation_days = var.payment_provider_key_rotation_days
  }
}

module "operations" {
  source = "./services/operations"

  stack             = local.stack
  artifact          = local.service_artifacts["operations"]
  application       = local.name
  checked_functions = flatten([for service in local.shop_services : [for function in service.functions : function.name]])
}
