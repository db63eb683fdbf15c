"""CloudWatch: metrics and where they come from, metric math, alarms, filters on logs, Logs Insights."""
