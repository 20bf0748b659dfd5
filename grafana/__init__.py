"""Grafana: what is provisioned, and the boards that its dashboards are written from."""
