# What a plan may read: descriptions of what carries the environment's name, its state and its ZIPs. It changes nothing,
# and it reads no item, message, log line or object of a customer. A state holds secrets, so whoever may plan an
# environment can read that environment's.
locals {
  plan_names = {
    for environment in var.github_environments : environment => "${var.project}-${environment}"
  }

  plan_statements = {
    for environment, name in local.plan_names : environment => [
      {
        Sid       = "Buckets"
        Effect    = "Allow"
        Action    = ["s3:ListBucket", "s3:GetBucketLocation"]
        Resource  = [for bucket in values(local.buckets) : "arn:${local.partition}:s3:::${bucket}"]
        Condition = null
      },
      {
        Sid       = "StateAndArtifacts"
        Effect    = "Allow"
        Action    = ["s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion"]
        Resource  = [for bucket in values(local.buckets) : "arn:${local.partition}:s3:::${bucket}/${environment}/*"]
        Condition = null
      },
      {
        Sid    = "WhatIsNamedAfterTheEnvironment"
        Effect = "Allow"
        Action = [
          "lambda:Get*", "lambda:List*", "dynamodb:Describe*", "dynamodb:ListTagsOfResource",
          "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags", "sns:GetTopicAttributes", "sns:GetSubscriptionAttributes", "sns:ListTagsForResource", "sns:ListSubscriptionsByTopic",
          "events:Describe*", "events:List*", "logs:ListTagsForResource", "logs:DescribeMetricFilters", "cloudwatch:ListTagsForResource", "cloudwatch:GetDashboard",
          "codedeploy:BatchGetDeployments", "codedeploy:Get*", "codedeploy:List*", "scheduler:GetSchedule", "ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource",
          "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy", "states:DescribeStateMachine", "states:DescribeStateMachineAlias", "states:ListStateMachineVersions", "states:ListTagsForResource",
        ]
        Resource = [
          "${local.regional.lambda}:function:${name}-*", "${local.regional.lambda}:layer:${name}-*", "${local.regional.dynamodb}:table/${name}-*",
          "${local.regional.sqs}:${name}-*", "${local.regional.sns}:${name}-*",
          "${local.regional.events}:event-bus/${name}*", "${local.regional.events}:rule/${name}*", "${local.regional.events}:archive/${name}*",
          "${local.regional.logs}:log-group:/aws/lambda/${name}-*", "${local.regional.logs}:log-group:${name}-*", "${local.regional.logs}:log-group:/aws/apigateway/${name}*", "${local.regional.logs}:log-group:/aws/vendedlogs/states/${name}-*",
          "${local.regional.cloudwatch}:alarm:${name}-*", "arn:${local.partition}:cloudwatch::${local.account}:dashboard/${name}-*",
          "${local.regional.codedeploy}:application:${name}*", "${local.regional.codedeploy}:deploymentgroup:${name}*", "${local.regional.codedeploy}:deploymentconfig:${name}*",
          "${local.regional.scheduler}:schedule/default/${name}-*", "${local.regional.ssm}:parameter/${var.project}/${environment}/*",
          "${local.regional.secretsmanager}:secret:${name}-*", "${local.regional.states}:stateMachine:${name}-*",
        ]
        Condition = null
      },
      {
        Sid    = "LookUp"
        Effect = "Allow"
        Action = [
          "lambda:GetEventSourceMapping", "lambda:ListEventSourceMappings", "lambda:ListTags", "logs:DescribeLogGroups", "logs:DescribeQueryDefinitions", "cloudwatch:DescribeAlarms", "kms:ListAliases", "ssm:DescribeParameters", "ec2:Describe*", "states:ValidateStateMachineDefinition",
        ]
        Resource  = ["*"] # AWS has no narrower resource for these, or none with a name
        Condition = null
      },
      {
        Sid       = "RolesOfTheEnvironment"
        Effect    = "Allow"
        Action    = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListRolePolicies", "iam:ListAttachedRolePolicies"]
        Resource  = ["${local.roles}${environment}-*"]
        Condition = null
      },
      {
        Sid       = "Apis"
        Effect    = "Allow"
        Action    = ["apigateway:GET"]
        Resource  = [for path in ["restapis", "apikeys", "usageplans", "tags"] : "arn:${local.partition}:apigateway:${var.region}::/${path}*"] # ids are random
        Condition = null
      },
      {
        Sid       = "NoApiOfAnotherEnvironment"
        Effect    = "Deny"
        Action    = ["apigateway:GET"]
        Resource  = ["*"]
        Condition = { StringEquals = { "aws:ResourceTag/Environment" = sort(setsubtract(["dev", "local", "staging", "prod"], [environment])) } }
      },
      {
        Sid       = "KeysOfTheEnvironment"
        Effect    = "Allow"
        Action    = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"]
        Resource  = ["${local.regional.kms}:key/*"]
        Condition = { StringEquals = { "aws:ResourceTag/Project" = var.project, "aws:ResourceTag/Environment" = environment } }
      },
    ]
  }

  plan_policies = {
    for environment, statements in local.plan_statements : environment => jsonencode({
      Version   = "2012-10-17"
      Statement = [for statement in statements : { for key, value in statement : key => value if value != null }]
    })
  }
}
