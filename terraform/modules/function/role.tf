data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  # From the name: it is made when someone changes the level.
  log_level_parameter_arn = "arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:parameter${var.log_level_parameter}"

  # logical name => actions, as the author of the code wrote it
  grants = jsondecode(file(var.policy_file))

  unknown_names = sort(setsubtract(keys(local.grants), keys(var.resources)))
  wildcards     = sort([for name, actions in local.grants : name if anytrue([for action in actions : strcontains(action, "*")])])

  code_statements = [
    for name, actions in local.grants : {
      Sid      = replace(title(replace(name, "/[^A-Za-z0-9]+/", " ")), " ", "")
      Effect   = "Allow"
      Action   = sort(actions)
      Resource = var.resources[name]
    } if contains(keys(var.resources), name)
  ]

  runtime_statements = concat(
    [
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.this.arn}:*"] # the streams of this one group
      },
      {
        Sid      = "SendTraces"
        Effect   = "Allow"
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = ["*"] # AWS has no narrower resource for these actions
      },
      {
        Sid      = "ReadLogLevel"
        Effect   = "Allow"
        Action   = ["ssm:GetParameter"]
        Resource = [local.log_level_parameter_arn]
      },
    ],
    var.vpc == null ? [] : [
      {
        Sid    = "AttachToVpc"
        Effect = "Allow"
        Action = [
          "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
        ]
        Resource = ["*"] # Lambda attaches before it knows the interface; AWS accepts no narrower resource
      },
    ],
  )
}

resource "aws_iam_role" "this" {
  name        = var.name
  description = "What ${var.name} may do."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })

  lifecycle {
    precondition {
      condition     = length(local.unknown_names) == 0
      error_message = "${var.policy_file} grants on ${join(", ", local.unknown_names)}, which ${var.name} was not given. Known names: ${join(", ", sort(keys(var.resources)))}. Correct the name, or add it to `resources` of the function's module."
    }
    precondition {
      condition     = length(local.wildcards) == 0
      error_message = "${var.policy_file} has a wildcard action on ${join(", ", local.wildcards)}. List each action that the code calls."
    }
  }
}

resource "aws_iam_role_policy" "runtime" {
  name   = "runtime"
  role   = aws_iam_role.this.name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.runtime_statements })
}

# Apart from `runtime`, so that the function need not wait for the queue.
resource "aws_iam_role_policy" "failures" {
  name = "failures"
  role = aws_iam_role.this.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "HandOverFailures", Effect = "Allow", Action = ["sqs:SendMessage"], Resource = [module.failures.arn] }]
  })
}

resource "aws_iam_role_policy" "code" {
  count = length(local.grants) == 0 ? 0 : 1

  name   = "code"
  role   = aws_iam_role.this.name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.code_statements })
}
