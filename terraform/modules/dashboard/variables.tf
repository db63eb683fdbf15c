variable "name" {
  description = "Name of the dashboard."
  type        = string
}

variable "prefix" {
  description = "What every name in the environment begins with, left out of titles: tradepost-dev."
  type        = string
}

variable "start" {
  description = "How far back the dashboard looks when it is opened: -PT3H."
  type        = string
  default     = "-PT3H"

  validation {
    condition     = can(regex("^-P(T?[0-9]+[MHD])+$", var.start))
    error_message = "start is a time before now, ISO 8601: -PT3H, -P7D."
  }
}

variable "sections" {
  description = <<-EOT
    From top to bottom: { title, widgets, per_row (3), height (6), text (beside the title) }. A section without widgets is left out.
    A widget is { title, metrics (as CloudWatch writes them), label (unit at the left axis), right_label, stat, period, view, stacked, start, min, max, lines = [{ label, value }] }
    or { title, alarms = [ARN] }.
  EOT
  type        = any

  validation {
    condition     = alltrue([for section in var.sections : can(section.title) && can(section.widgets)])
    error_message = "A section has a title and widgets."
  }
  validation {
    condition     = alltrue(flatten([for section in var.sections : [for widget in section.widgets : can(widget.title) && (can(widget.metrics) || can(widget.alarms))]]))
    error_message = "A widget has a title, and metrics or alarms."
  }
}
