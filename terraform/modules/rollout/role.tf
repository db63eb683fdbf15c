# What CodeDeploy may do: move the aliases of these functions, call the hook, read the alarms.
resource "aws_iam_role" "this" {
  name        = "${var.name}-rollout"
  description = "Lets CodeDeploy release the functions of ${var.name}."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "codedeploy.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "rollout"
  role = aws_iam_role.this.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "MoveAliases"
          Effect   = "Allow"
          Action   = ["lambda:GetAlias", "lambda:UpdateAlias"]
          Resource = sort([for function in var.functions : "${local.lambda_arn}:${function.name}"])
        },
        {
          Sid      = "SeeWarmEnvironments"
          Effect   = "Allow"
          Action   = ["lambda:GetProvisionedConcurrencyConfig"]
          Resource = sort([for function in var.functions : "${local.lambda_arn}:${function.name}:*"]) # any version
        },
        {
          Sid      = "ReadAlarms"
          Effect   = "Allow"
          Action   = ["cloudwatch:DescribeAlarms"]
          Resource = ["*"] # CodeDeploy asks for them without naming them in a way that IAM could match
        },
      ],
      var.hook == null ? [] : [
        {
          Sid      = "CallTheHook"
          Effect   = "Allow"
          Action   = ["lambda:InvokeFunction"]
          Resource = ["${local.lambda_arn}:${var.hook.name}", "${local.lambda_arn}:${var.hook.name}:${var.hook.alias}"]
        },
      ],
    )
  })
}
