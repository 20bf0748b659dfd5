"""The log: one JSON object a line on standard output."""

import json
import logging
import sys
from datetime import UTC, datetime

from flask import g, has_request_context, request

EXTRA_FIELDS = ("status", "duration_ms", "remote_address")


class JsonLines(logging.Formatter):
    """Puts a log record, and the request it belongs to, on one line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if has_request_context():
            line |= {
                "request_id": g.get("request_id"),
                "method": request.method,
                "path": request.path,
            }
        line |= {name: getattr(record, name) for name in EXTRA_FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class StandardOutput(logging.Handler):
    """Writes to whatever sys.stdout is at the time."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())

    def handle(self, record: logging.LogRecord) -> bool:
        """Write the record, without the handler's lock: threads would queue up while one writes.

        The buffer below sys.stdout has a lock of its own, so lines stay whole.
        """
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stdout.buffer.write(f"{self.format(record)}\n".encode())
            sys.stdout.buffer.flush()
        except Exception:
            self.handleError(record)


def write_json_lines() -> None:
    """Send every logger of this process to standard output, once."""
    root = logging.getLogger()
    if not any(isinstance(handler.formatter, JsonLines) for handler in root.handlers):
        root.addHandler(StandardOutput())
    root.setLevel(logging.INFO)
    # No line says where in the code it was written, nor by which thread or process: nobody needs to find out.
    # https://docs.python.org/3/howto/logging.html#optimization
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # Alembic reports each revision at this level; its chatter about the dialect is not worth a line.
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
