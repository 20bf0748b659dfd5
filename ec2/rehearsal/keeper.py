"""Keeps the cloud on disk as it changes: what has been answered is there after a kill -9."""

import logging
import threading
from collections.abc import Callable

from ec2.rehearsal.control.server import Gate
from ec2.rehearsal.control.turns import TURN
from ec2.rehearsal.errors import RehearsalError
from ec2.rehearsal.settings import Rehearsal
from ec2.rehearsal.snapshot import Picture, take, write
from ec2.rehearsal.stacks.engine import Engine

log = logging.getLogger(__name__)

# Until no request is changing anything; each takes some milliseconds.
STILLNESS_SECONDS = 5.0
# A request does not wait for a disk longer than this: for the rest of one save, and for a whole one.
PATIENCE_SECONDS = 20.0
# After a save that failed: a person may have made room meanwhile.
TRY_AGAIN_SECONDS = 5.0
# What the snapshot calls the state of CloudFormation.
STACKS = "stacks"


class Keeper:
    """Saves in a thread of its own; requests that come together wait for one save together."""

    def __init__(self, rehearsal: Rehearsal, gate: Gate, engine: Engine, say: Callable[[str], None]) -> None:
        self.rehearsal = rehearsal
        self.gate = gate
        self.engine = engine
        self.say = say
        self.turn = threading.Condition()
        self.wanted = 0
        self.saved = 0
        self.over = False
        self.complaint = ""

    def changed(self) -> None:
        """The cloud is another one: save it soon."""
        with self.turn:
            self.wanted += 1
            self.turn.notify_all()

    def kept(self) -> None:
        """Return once the cloud as it is now is on disk, or the disk has failed, which was said then."""
        with self.turn:
            self.wanted += 1
            mine = self.wanted
            self.turn.notify_all()
            self.turn.wait_for(lambda: self.saved >= mine, PATIENCE_SECONDS)

    def run(self) -> None:
        """Save whenever something has changed, until stopped; once more at the end."""
        while True:
            with self.turn:
                pause = TRY_AGAIN_SECONDS if self.complaint else None
                self.turn.wait_for(lambda: self.wanted > self.saved or self.over, pause)
                until, over = self.wanted, self.over
                if over and until == self.saved and not self.complaint:
                    return
            self.save()
            with self.turn:
                self.saved = until
                self.turn.notify_all()
                if over and self.complaint:
                    return

    def stop(self) -> None:
        """End after what has changed is saved."""
        with self.turn:
            self.over = True
            self.turn.notify_all()

    def save(self) -> None:
        """Write the cloud to disk, which nobody waits for but who wants it kept; a failure is only said."""
        try:
            picture = self.taken()
            write(self.rehearsal, picture)
        except RehearsalError as error:
            self.complain(f"the cloud is not saved: {error.message}; {error.hint}")
        else:
            self.complain("")
            if picture.left_out:
                log.warning("not saved, since moto's models cannot be: %s", ", ".join(picture.left_out))

    def taken(self) -> Picture:
        """The cloud at a moment when nothing changes."""
        with self.gate.still(STILLNESS_SECONDS) as still, self.engine.lock, TURN:
            if not still:
                log.warning("saved while something changed: no still moment in %s s", STILLNESS_SECONDS)
            return take(self.rehearsal, {STACKS: self.engine.cloud})

    def complain(self, complaint: str) -> None:
        """Say once what keeps the cloud from being saved, and once that it is saved again."""
        if complaint != self.complaint:
            self.say(complaint or "the cloud is saved again")
        self.complaint = complaint
