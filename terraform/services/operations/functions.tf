data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  deploy_check = "${var.stack.name}-operations-deploy-check"
  scope        = "${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}"
}

module "service" {
  source = "../../modules/service"

  service  = "operations"
  stack    = var.stack
  artifact = var.artifact

  functions = {
    deploy_check = {
      description = "Hook of every deployment: asks the new version for its health before it gets traffic."
      timeout     = 60 # a check may wait three times for a cold start
    }
  }

  # What the files in services/operations/policies may grant on. From names: the function is among those it checks, and
  # its role must be there before it.
  resources = {
    deployments = ["arn:${data.aws_partition.current.partition}:codedeploy:${local.scope}:deploymentgroup:${var.application}/*"]
    versions = [
      for name in sort(concat(var.checked_functions, [local.deploy_check])) :
      "arn:${data.aws_partition.current.partition}:lambda:${local.scope}:function:${name}:*" # versions, never $LATEST alone
    ]
  }
}

moved {
  from = module.function
  to   = module.service.module.function
}
