"""REST APIs: the data plane in AWS's order of checks, from web ACL to integration, on deployed snapshots."""
