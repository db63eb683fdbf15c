locals {
  service = "operations"
  prefix  = "${var.stack.name}-${local.service}"
  source  = "${var.stack.source_root}/services/${local.service}"
}
