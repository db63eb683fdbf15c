mock_provider "aws" {}

variables {
  name        = "tradepost-test-shared"
  description = "test"
  artifact    = { bucket = "artifacts", key = "test/shared-layer/abc.zip" }
}

run "keeps_old_versions" {
  command = plan

  assert {
    condition     = aws_lambda_layer_version.this.skip_destroy
    error_message = "A layer version in use by a published function version must never be deleted."
  }
  assert {
    condition     = aws_lambda_layer_version.this.s3_key == var.artifact.key
    error_message = "The layer must come from the ZIP in S3."
  }
  assert {
    condition     = aws_lambda_layer_version.this.compatible_architectures == toset(["arm64", "x86_64"])
    error_message = "A pure Python layer must serve both architectures."
  }
}

run "refuses_unknown_architecture" {
  command = plan
  variables {
    architectures = ["riscv"]
  }
  expect_failures = [var.architectures]
}
