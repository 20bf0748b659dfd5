"""The dashboards as code: a module for each board, written as JSON by `python -m grafana.boards`."""
