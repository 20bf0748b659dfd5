"""Works the queue off: a thread of every worker process, of a bare run once there is a job, or a command."""

import logging
import os
import threading

from flask import Flask, current_app
from flask_babel import force_locale
from sqlalchemy.exc import DBAPIError

from .. import metrics
from ..database import db, out_of_service
from ..exports import making
from ..rounds import Rounds
from . import queue
from .queue import Claim, Lost

LOOK_EVERY_SECONDS = 3.0

KINDS = {making.KIND: making.make}

log = logging.getLogger("microblog.jobs")

_starting = threading.Lock()
_running: list["Worker"] = []


class Worker(Rounds):
    """Takes one job after the other."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app, "jobs", LOOK_EVERY_SECONDS, work_off, queue.tidy, log)


def work_off() -> int:
    """Do every job that is due; how many ended well."""
    ended_well = 0
    while claimed := queue.claim():
        ended_well += _try(claimed)
    return ended_well


def begin_in_a_bare_run() -> None:
    """Where no gunicorn has begun a worker, the process that serves works the queue off too."""
    if os.environ.get("FLASK_RUN_FROM_CLI") != "true":
        return
    with _starting:
        if not _running:
            app = current_app._get_current_object()  # type: ignore[attr-defined]
            _running.append(Worker(app))
            _running[0].start()


def _try(claimed: Claim) -> bool:
    if claimed.spent:
        _give_up(claimed)
        return False
    try:
        with force_locale(claimed.language):
            KINDS[claimed.kind](claimed)
    except Lost:
        db.session.rollback()
        log.info("Job %d was lost to another worker or is not wanted any more.", claimed.job_id)
        return False
    except Exception as error:
        db.session.rollback()
        if isinstance(error, DBAPIError) and out_of_service(error):
            raise  # nothing can be written down now; the lease runs out by itself
        log.exception("Job %d (%s) failed, attempt %d.", claimed.job_id, claimed.kind, claimed.attempt)
        metrics.jobs.labels(claimed.kind, "failed").inc()
        _give_up(claimed)
        return False
    metrics.jobs.labels(claimed.kind, "done").inc()
    return True


def _give_up(claimed: Claim) -> None:
    try:
        queue.give_up(claimed)
    except Lost:
        log.info("Job %d is not wanted any more.", claimed.job_id)
        return
    # The next try begins anew; after the last one nobody would ever read it.
    making.discard(claimed)
    db.session.commit()
