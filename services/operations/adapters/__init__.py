"""What the service talks to: CodeDeploy and the versions that it releases."""
