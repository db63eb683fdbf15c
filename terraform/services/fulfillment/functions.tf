data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  prefix = "${var.stack.name}-fulfillment"

  # From the name: the workflow invokes a function that answers the workflow.
  order_workflow_arn = "arn:${data.aws_partition.current.partition}:states:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:stateMachine:${local.prefix}-order"
}

module "service" {
  source = "../../modules/service"

  service     = "fulfillment"
  stack       = var.stack
  artifact    = var.artifact
  concurrency = var.concurrency

  functions = {
    await_dispatch = {
      description = "Keeps the task token of a workflow that waits for the parcel of an order."
      uses        = ["shipments"]
      timeout     = 30
    }
    dispatch = {
      description = "The shipments API: the shop sends parcels, and looks at them."
      uses        = ["shipments", "orders_commands"]
      timeout     = 28 # the most behind the API: it waits for another function, and never longer than that takes
      memory_size = 1024
      canary      = { p99_ms = 3000 }
    }
    end_wait = {
      description = "Ends the wait of workflows when the parcel of an order went out or the order ended."
      uses        = ["shipments"]
      timeout     = 30
    }
  }

  settings = {
    shipments       = { SHIPMENTS_TABLE = module.shipments.name }
    orders_commands = { ORDERS_COMMANDS_ARN = var.orders_commands_arn }
  }

  # What the files in services/fulfillment/policies may grant on.
  resources = {
    shipments       = [module.shipments.arn]
    orders_commands = [var.orders_commands_arn]
    order_workflow  = [local.order_workflow_arn]
  }
}
