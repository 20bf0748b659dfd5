"""How gunicorn runs the microblog in its container."""

import logging
import os
import sys

from prometheus_client import multiprocess

from microblog import logs, metrics
from microblog.settings import Settings, SettingsError
from microblog.sizing import sizing

try:
    settings = Settings.from_environment(os.environ)
except SettingsError as error:
    sys.exit(f"microblog: {error.message}")

size = sizing(settings.web_concurrency)

wsgi_app = "microblog:create_app()"
bind = "0.0.0.0:8000"
workers = size.workers
threads = size.threads
worker_class = "gthread"
# Workers share the pages of what is imported before they are made.
preload_app = True
# Kept connections stay with the worker that accepted them: each worker needs its own queue.
reuse_port = True
# Longer than nginx keeps an idle connection (60 s), so it never sends into one that is closing.
keepalive = 75
timeout = 30
graceful_timeout = 20
worker_tmp_dir = "/dev/shm"
# gunicorn 27 opens a control socket in the home directory otherwise.
control_socket_disable = True
accesslog = None
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stdout": {"()": logs.StandardOutput}},
    "root": {"level": "INFO", "handlers": ["stdout"]},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": ["stdout"], "propagate": False},
        "gunicorn.access": {"handlers": [], "propagate": False},
    },
}


def when_ready(_server):
    """Say what was chosen, in the log and in the metrics."""
    logging.getLogger("gunicorn.error").info("%s", size)
    metrics.workers.set(size.workers)
    metrics.worker_threads.set(size.threads)


def child_exit(_server, worker):
    """Take a dead worker's gauges out of the sums."""
    multiprocess.mark_process_dead(worker.pid)
