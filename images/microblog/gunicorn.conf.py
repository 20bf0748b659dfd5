"""How gunicorn runs the microblog in its container."""

import gc
import logging
import os
import sys

from prometheus_client import multiprocess

from microblog import database, logs, metrics
from microblog.jobs.worker import Worker
from microblog.mail import courier
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
worker_class = "microblog.threaded_worker.ThreadedWorker"
# Workers share the pages of what is imported before they are made.
preload_app = True
timeout = 30
graceful_timeout = 20
# As long as nginx takes it, with the end of the line: what is longer gets a page there, and here bare HTML.
limit_request_line = 8190
worker_tmp_dir = "/dev/shm"  # noqa: S108 - heartbeats of files only we can open
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


def post_worker_init(worker):
    """Begin to send mail and to work jobs off."""
    courier.Courier(worker.wsgi).start()
    Worker(worker.wsgi).start()


def when_ready(_server):
    """Say what was chosen, in the log and in the metrics; workers are made after this."""
    logging.getLogger("gunicorn.error").info("%s", size)
    metrics.workers.set(size.workers)
    metrics.worker_threads.set(size.threads)
    # What is there now stays for good: the collector of each worker need not look at it, and so copy it.
    gc.collect()
    gc.freeze()


def worker_exit(_server, worker):
    """Take leave of the database and go: clearing up a memory of shared pages would take a second."""
    if worker.booted:
        database.disconnect(worker.app.wsgi())
        os._exit(0)


def child_exit(_server, worker):
    """Take a dead worker's gauges out of the sums."""
    multiprocess.mark_process_dead(worker.pid)
