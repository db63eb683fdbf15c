"""`make dashboards`: the deployed CloudWatch dashboards with their data, as one page that needs no console."""
