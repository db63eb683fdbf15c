# The catalog: what every service runs, and with each part its alarms, its widgets and what is paid for it. Modules say it,
# services hand it on, and alarms, dashboards, runbooks and tests follow from it: docs/on-call.md.
locals {
  catalog = merge(
    { for name, service in local.services : name => service.catalog },
    { api = module.rest_api.catalog },
  )

  # What customers see of the shop as a whole, whichever service is behind it.
  objectives = concat([], [for objective in local.slos : objective.catalog]...)
  symptoms   = merge([for part in concat(local.objectives, module.rest_api.catalog) : part.alarms]...)

  service_alarms = { for name, service in local.services : name => merge([for part in service.catalog : part.alarms]...) }

  alarms = merge(
    merge([for service, alarms in local.service_alarms : { for name, alarm in alarms : name => merge(alarm, { service = service }) }]...),
    { for name, alarm in local.symptoms : name => merge(alarm, { service = "api" }) },
    { for name, alarm in module.paging.alarms : name => merge(alarm, { service = "paging" }) },
  )
}

module "paging" {
  source = "./modules/paging"

  name             = local.name
  services         = local.service_alarms
  symptoms         = local.symptoms
  page_actions     = module.alerting.page_actions
  runbook_base_url = var.runbook_base_url
}

output "alarms" {
  description = "Every alarm by name: its kind (which is its runbook), urgency (page: gathered by the alarm that wakes someone; inform; none: a part of another) and service."
  value       = local.alarms
}
