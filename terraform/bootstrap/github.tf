# GitHub Actions deploys without a key: it shows a token that GitHub signed, and gets credentials for an hour.
locals {
  github     = var.github_repository == null ? {} : { deploy = var.github_repository }
  issuer     = "token.actions.githubusercontent.com"
  issuer_arn = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:oidc-provider/${local.issuer}"
}

# Whose jobs may take a role. GitHub signs the subject; a fork and another repository have other ones.
locals {
  subjects = var.github_repository == null ? {} : merge(
    # Only jobs of a named GitHub environment: its approvals and branch rules stand before the role.
    { deploy = [for environment in sort(var.github_environments) : "repo:${var.github_repository}:environment:${environment}"] },
    # Jobs on main, and where it is said those of pull requests, from branches of the repository itself.
    { for environment in var.github_environments : "plan-${environment}" => concat(
      ["repo:${var.github_repository}:ref:refs/heads/main"],
      contains(var.github_plan_environments, environment) ? ["repo:${var.github_repository}:pull_request"] : [],
    ) },
  )

  trust = {
    for role, subjects in local.subjects : role => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Principal = { Federated = local.issuer_arn }
        Action    = "sts:AssumeRoleWithWebIdentity"
        Condition = { StringEquals = { "${local.issuer}:aud" = "sts.amazonaws.com", "${local.issuer}:sub" = subjects } }
      }]
    })
  }
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

  assume_role_policy = local.trust["deploy"]

  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_role_policy" "deploy" {
  for_each = local.github

  name   = "deploy"
  role   = aws_iam_role.deploy[each.key].name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.deploy_statements })
}

# Reads what a plan of one environment needs: for pull requests, before an approval, and every night (drift).
resource "aws_iam_role" "plan" {
  for_each = var.github_repository == null ? {} : local.plan_names

  # Not below the names of an environment, whose roles the deploy role may change.
  name                 = "${var.project}-plan-${each.key}"
  description          = "Plans ${each.value} from GitHub Actions of ${var.github_repository}; changes nothing."
  max_session_duration = 3600

  assume_role_policy = local.trust["plan-${each.key}"]

  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_role_policy" "plan" {
  for_each = aws_iam_role.plan

  name   = "plan"
  role   = each.value.name
  policy = local.plan_policies[each.key]
}
