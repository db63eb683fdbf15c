"""Step Functions where ministack's differs: rights, Lambda's errors, time-outs, JSONata states, logs and metrics."""
