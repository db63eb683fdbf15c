# GitHub Actions deploys without a key: it shows a token that GitHub signed, and gets credentials for an hour.
locals {
  github     = var.github_repository == null ? {} : { deploy = var.github_repository }
  issuer     = "token.actions.githubusercontent.com"
  issuer_arn = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:oidc-provider/${local.issuer}"
}

# One per account: where something else made it, `manage_github_oidc_provider` is false.
resource "aws_iam_openid_connect_provider" "github" {
  for_each = var.manage_github_oidc_provider ? local.github : {}

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "deploy" {
  for_each = local.github

  name                 = "${var.project}-deploy"
  description          = "Deploys ${var.project} from GitHub Actions of ${each.value}."
  max_session_duration = 7200 # an apply and the rollout that follows it

  # Only jobs of a named GitHub environment: its approvals and branch rules stand before the role. A pull request's
  # jobs, a fork's and another repository's have other subjects.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = local.issuer_arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = [for environment in sort(var.github_environments) : "repo:${each.value}:environment:${environment}"]
        }
      }
    }]
  })

  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_role_policy" "deploy" {
  for_each = local.github

  name   = "deploy"
  role   = aws_iam_role.deploy[each.key].name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.deploy_statements })
}
