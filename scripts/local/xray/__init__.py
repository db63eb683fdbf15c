"""AWS X-Ray: the daemon's UDP protocol, the segments that AWS's services send, and the API to read traces."""
