"""CodeDeploy for Lambda: moves an alias from one version to another, watches alarms and hooks, and rolls back."""
