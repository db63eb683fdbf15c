# `make build` writes build/manifest.json and the ZIPs before Terraform starts. Terraform reads the manifest, uploads each
# ZIP under its digest and builds nothing. Without a manifest, plan, validate and test work with placeholders.
locals {
  build_dir     = coalesce(var.build_dir, "${path.root}/../build")
  manifest_path = "${local.build_dir}/manifest.json"
  manifest      = fileexists(local.manifest_path) ? jsondecode(file(local.manifest_path)).artifacts : {}

  artifacts = {
    for name in concat(["shared-layer"], local.service_names) : name => {
      path     = "${local.build_dir}/${try(local.manifest[name].path, "${name}.zip")}"
      sha256   = try(local.manifest[name].sha256, "not-built")
      platform = try(local.manifest[name].platform, "any")
    }
  }

  artifact_problems = [
    for name, artifact in local.artifacts : "${name}: ${
      !contains(keys(local.manifest), name) ? "is not in ${local.manifest_path}" :
      !fileexists(artifact.path) ? "${artifact.path} does not exist" :
      filesha256(artifact.path) != artifact.sha256 ? "${artifact.path} is not what the manifest says" :
      "is built for ${artifact.platform}, but the functions are ${var.architecture}"
    }"
    if !try(filesha256(artifact.path) == artifact.sha256, false) || !contains(["any", "linux_${var.architecture}"], artifact.platform)
  ]

  # Known before the bucket is asked for: it is made once per account, by bootstrap.
  artifact_bucket = "${var.project}-artifacts-${data.aws_caller_identity.current.account_id}-${var.region}"
}

# Stops an apply, but not a plan: its output is unknown until it is applied, and so is the condition.
resource "terraform_data" "built" {
  input            = join("\n", local.artifact_problems)
  triggers_replace = length(local.artifact_problems) == 0 ? null : plantimestamp()

  lifecycle {
    postcondition {
      condition     = self.output == ""
      error_message = "The ZIPs are missing or stale: run `make build`, then apply again.\n${self.output}"
    }
  }
}

resource "aws_s3_object" "artifact" {
  for_each = local.artifacts

  bucket = local.artifact_bucket
  key    = "${var.environment}/${each.key}/${each.value.sha256}.zip"
  source = each.value.path

  # The old ZIP goes when nothing needs it any more, and not at all when the new one is missing.
  lifecycle {
    create_before_destroy = true
  }

  depends_on = [terraform_data.built]
}
