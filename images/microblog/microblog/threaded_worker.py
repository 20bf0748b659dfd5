"""The worker of gunicorn that serves the microblog: threads that answer one connection after another."""

import os
import select
import signal
import socket
import struct
import threading
import time
from typing import Any

from gunicorn.workers.sync import SyncWorker

# So often a thread that nobody asks looks whether it shall stop; and when it shall, it goes on for as long as
# somebody comes within this time, for the connection that nginx is just making.
ACCEPT_SECONDS = 0.5
STOP_SECONDS = 1.0
# Nobody holds a thread who sends nothing, or does not read. nginx has whole requests.
RECEIVE_SECONDS = 5
SEND_SECONDS = 30
HEARTBEAT_SECONDS = 1

# A worker that is told to stop before it has its signal handlers would miss it, and hold up the whole stop
# until it is killed. So the signal waits until the worker can take it.
os.register_at_fork(
    before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM}),
    after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM}),
)


class ThreadedWorker(SyncWorker):  # type: ignore[misc]
    """As many connections at a time as gunicorn's setting `threads`, each for one request.

    In gunicorn's own gthread one thread accepts and closes, and others answer: every request goes from one to
    the other and back, and waits for the interpreter both times. Kept connections, which that is good for,
    nginx 1.26 does not use: to a name that it resolves again it makes a new one for each request. Here
    whichever thread of whichever worker is free takes the next connection out of the one queue of all.
    """

    def run(self) -> None:
        """Serve until told to stop; then finish what is begun, within gunicorn's `graceful_timeout`."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        self.stop_at = float("inf")
        threads = [
            threading.Thread(target=self.serve, args=(listener,), daemon=True)
            for listener in self.sockets
            for _ in range(self.cfg.threads)
        ]
        for listener in self.sockets:
            listener.setblocking(True)
            _limit(listener, socket.SO_RCVTIMEO, ACCEPT_SECONDS)
        for thread in threads:
            thread.start()
        while self.alive and self.is_parent_alive():
            self.notify()
            # A signal is a byte in the pipe.
            if select.select([self.PIPE[0]], [], [], HEARTBEAT_SECONDS)[0]:
                os.read(self.PIPE[0], 1)
        self.stop_at = time.monotonic() + STOP_SECONDS
        killed_at = time.monotonic() + self.cfg.graceful_timeout
        for thread in threads:
            thread.join(max(0, killed_at - time.monotonic()))

    def serve(self, listener: Any) -> None:
        """Answer whoever comes."""
        while time.monotonic() < self.stop_at:
            try:
                client, address = listener.accept()
            except BlockingIOError:
                if self.stop_at != float("inf"):
                    return
                continue
            except OSError as error:
                # Whoever came is gone already, or there are too many open files for the moment.
                self.log.warning("Cannot accept a connection: %s", error)
                time.sleep(ACCEPT_SECONDS)
                continue
            _limit(client, socket.SO_RCVTIMEO, RECEIVE_SECONDS)
            _limit(client, socket.SO_SNDTIMEO, SEND_SECONDS)
            self.handle(listener, client, address)


def _limit(of: Any, option: int, seconds: float) -> None:
    # The kernel's own limits: with Python's, each read and write would be two calls.
    whole, part = divmod(seconds, 1)
    of.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", int(whole), int(part * 1_000_000)))
