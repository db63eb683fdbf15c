# What a deployment may touch: what carries the project's name, nothing else of the account. Where AWS puts no name into
# the ARN (keys, API Gateway), the tag Project or the region narrows it.
locals {
  partition = data.aws_partition.current.partition
  account   = data.aws_caller_identity.current.account_id
  regional  = { for service in ["lambda", "dynamodb", "sqs", "sns", "events", "logs", "cloudwatch", "codedeploy", "scheduler", "ssm", "kms", "secretsmanager", "states"] : service => "arn:${local.partition}:${service}:${var.region}:${local.account}" }
  roles     = "arn:${local.partition}:iam::${local.account}:role/${var.project}-"

  deploy_statements = [
    {
      Sid    = "StatesAndArtifacts"
      Effect = "Allow"
      Action = ["s3:ListBucket", "s3:GetBucketLocation", "s3:GetObject*", "s3:PutObject*", "s3:DeleteObject*"]
      Resource = flatten([for name in values(local.buckets) : [
        "arn:${local.partition}:s3:::${name}", "arn:${local.partition}:s3:::${name}/*",
      ]])
    },
    {
      Sid    = "WhatIsNamedAfterTheProject"
      Effect = "Allow"
      Action = ["lambda:*", "dynamodb:*", "sqs:*", "sns:*", "events:*", "logs:*", "cloudwatch:*", "codedeploy:*", "scheduler:*", "ssm:*", "states:*"]
      Resource = [
        "${local.regional.lambda}:function:${var.project}-*", "${local.regional.lambda}:layer:${var.project}-*",
        "${local.regional.dynamodb}:table/${var.project}-*", "${local.regional.sqs}:${var.project}-*", "${local.regional.sns}:${var.project}-*",
        "${local.regional.events}:event-bus/${var.project}-*", "${local.regional.events}:rule/${var.project}-*", "${local.regional.events}:archive/${var.project}-*",
        "${local.regional.logs}:log-group:/aws/lambda/${var.project}-*", "${local.regional.logs}:log-group:${var.project}-*", "${local.regional.logs}:log-group:/aws/apigateway/${var.project}-*", "${local.regional.logs}:log-group:/aws/vendedlogs/states/${var.project}-*",
        "${local.regional.cloudwatch}:alarm:${var.project}-*", "arn:${local.partition}:cloudwatch::${local.account}:dashboard/${var.project}-*",
        "${local.regional.codedeploy}:application:${var.project}-*", "${local.regional.codedeploy}:deploymentgroup:${var.project}-*", "${local.regional.codedeploy}:deploymentconfig:${var.project}-*",
        "${local.regional.codedeploy}:deploymentconfig:CodeDeployDefault.*", "${local.regional.ssm}:parameter/${var.project}/*", "${local.regional.states}:stateMachine:${var.project}-*", "${local.regional.states}:execution:${var.project}-*",
        "${local.regional.scheduler}:schedule/default/${var.project}-*",
      ]
    },
    {
      Sid       = "TriggersOfTheProjectsFunctions"
      Effect    = "Allow"
      Action    = ["lambda:CreateEventSourceMapping", "lambda:UpdateEventSourceMapping", "lambda:DeleteEventSourceMapping"]
      Resource  = ["*"] # a mapping has a random id
      Condition = { StringLike = { "lambda:FunctionArn" = "${local.regional.lambda}:function:${var.project}-*" } }
    },
    {
      Sid       = "TagsOfTriggers"
      Effect    = "Allow"
      Action    = ["lambda:TagResource"]
      Resource  = ["${local.regional.lambda}:event-source-mapping:*"]
      Condition = { StringEquals = { "aws:RequestTag/Project" = var.project } }
    },
    {
      Sid    = "LookUp"
      Effect = "Allow"
      Action = [
        "lambda:GetEventSourceMapping", "lambda:ListEventSourceMappings", "lambda:ListLayerVersions", "lambda:ListTags", "logs:DescribeLogGroups", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics",
        "dynamodb:ListTables", "events:ListRules", "kms:ListAliases", "logs:ListLogDeliveries", "states:ListStateMachines", "states:ValidateStateMachineDefinition", "ssm:DescribeParameters", "xray:GetTraceSummaries", "xray:BatchGetTraces",
        "ec2:Describe*",
      ]
      Resource = ["*"] # AWS has no narrower resource for these, or none with a name
    },
    {
      # To make and to rotate them, not to read or to write what is in them: a value is given by a person.
      Sid    = "SecretsOfTheProjectButNotTheirValues"
      Effect = "Allow"
      Action = [
        "secretsmanager:CreateSecret", "secretsmanager:UpdateSecret", "secretsmanager:DeleteSecret", "secretsmanager:RestoreSecret", "secretsmanager:DescribeSecret",
        "secretsmanager:GetResourcePolicy", "secretsmanager:RotateSecret", "secretsmanager:CancelRotateSecret", "secretsmanager:TagResource", "secretsmanager:UntagResource",
      ]
      Resource = ["${local.regional.secretsmanager}:secret:${var.project}-*"]
    },
    {
      # A network's parts have random ids. What makes one is allowed with the project's tag, and in parts that have it.
      Sid    = "NewPartsOfNetworks"
      Effect = "Allow"
      Action = [
        "ec2:AllocateAddress", "ec2:AuthorizeSecurityGroup*", "ec2:CreateFlowLogs", "ec2:CreateInternetGateway", "ec2:CreateNatGateway", "ec2:CreateRouteTable",
        "ec2:CreateSecurityGroup", "ec2:CreateSubnet", "ec2:CreateTags", "ec2:CreateVpc", "ec2:CreateVpcEndpoint",
      ]
      Resource  = ["*"]
      Condition = { StringEquals = { "aws:RequestTag/Project" = var.project } }
    },
    {
      Sid       = "NetworksOfTheProject"
      Effect    = "Allow"
      Action    = ["ec2:*"]
      Resource  = ["*"]
      Condition = { StringEquals = { "aws:ResourceTag/Project" = var.project } }
    },
    {
      Sid       = "TellOfReleases"
      Effect    = "Allow"
      Action    = ["cloudwatch:PutMetricData"]
      Resource  = ["*"] # metrics have no ARN
      Condition = { StringLike = { "cloudwatch:namespace" = "${var.project}-*" } }
    },
    {
      Sid      = "SavedQueries"
      Effect   = "Allow"
      Action   = ["logs:PutQueryDefinition", "logs:DescribeQueryDefinitions", "logs:DeleteQueryDefinition"]
      Resource = ["*"] # a saved query has a random id, and AWS no narrower resource
    },
    {
      Sid    = "RolesOfTheProject"
      Effect = "Allow"
      Action = [
        "iam:CreateRole", "iam:DeleteRole", "iam:GetRole", "iam:TagRole", "iam:UntagRole", "iam:UpdateRole", "iam:UpdateAssumeRolePolicy", "iam:ListRolePolicies", "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole", "iam:PutRolePolicy", "iam:GetRolePolicy", "iam:DeleteRolePolicy",
      ]
      Resource = ["${local.roles}*"]
    },
    {
      Sid       = "HandRolesToServices"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = ["${local.roles}*"]
      Condition = { StringEquals = { "iam:PassedToService" = ["lambda.amazonaws.com", "codedeploy.amazonaws.com", "events.amazonaws.com", "scheduler.amazonaws.com", "apigateway.amazonaws.com", "states.amazonaws.com", "vpc-flow-logs.amazonaws.com"] } }
    },
    {
      Sid    = "NeverItself"
      Effect = "Deny"
      Action = ["iam:*"]
      NotResource = [
        for environment in sort(var.github_environments) : "${local.roles}${environment}-*"
      ]
    },
    {
      Sid      = "Apis"
      Effect   = "Allow"
      Action   = ["apigateway:GET", "apigateway:POST", "apigateway:PUT", "apigateway:PATCH", "apigateway:DELETE", "apigateway:UpdateRestApiPolicy"]
      Resource = [for path in ["restapis", "apikeys", "usageplans", "tags"] : "arn:${local.partition}:apigateway:${var.region}::/${path}*"] # ids are random
    },
    {
      Sid       = "NewKeys"
      Effect    = "Allow"
      Action    = ["kms:CreateKey", "kms:TagResource"]
      Resource  = ["*"]
      Condition = { StringEquals = { "aws:RequestTag/Project" = var.project } }
    },
    {
      Sid       = "KeysOfTheProject"
      Effect    = "Allow"
      Action    = ["kms:*"]
      Resource  = ["${local.regional.kms}:key/*"]
      Condition = { StringEquals = { "aws:ResourceTag/Project" = var.project } }
    },
    {
      Sid      = "NamesOfKeys"
      Effect   = "Allow"
      Action   = ["kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"]
      Resource = ["${local.regional.kms}:alias/${var.project}-*"]
    },
  ]
}
