"""What a release would change on a host, asked of the host itself before anything is changed."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from ec2.facts import Facts, read_facts
from ec2.host_scripts import host_script
from ec2.release import ROOT, Release
from ec2.ssh import Session

CREATE, REPLACE, START, KEEP, REMOVE = "create", "replace", "start", "keep", "remove"


@dataclass(frozen=True)
class Outlook:
    """A host as it is: its facts, the release that serves, what it was provisioned by, and what would change.

    `changes` has for each service one of create, replace, start, keep, remove.
    """

    facts: Facts
    serves: str
    provisioned: str
    changes: Mapping[str, str]
    # Whether what brought that release was done to its end; the launcher may have been killed.
    finished: bool = True

    @property
    def changes_nothing(self) -> bool:
        """Whether every service runs well as the release would have it."""
        return bool(self.changes) and set(self.changes.values()) == {KEEP}


def look_ahead(release: Release, session: Session) -> Outlook:
    """What the release would change on the session's host, in one round trip. Raises as Session.run does."""
    # The survey in a shell of its own: both have names.
    script = f"(\n{host_script('survey.sh')}\n)\n{host_script('release.sh')}\n{host_script('outlook.sh')}"
    started = time.time()
    printed = session.run(
        ["sh", "-c", script, "outlook.sh", ROOT, release.id],
        input=release.outline(session.host),
        sudo=True,
        what="looking ahead",
    )
    return read_outlook(printed, started, time.time())


def read_outlook(printed: str, started: float, ended: float) -> Outlook:
    """What survey.sh and outlook.sh printed between these two moments of our clock."""
    rows = [line.split() for line in printed.splitlines()]
    said = {row[0]: row[1] for row in rows if len(row) == 2}
    changes = {row[1]: row[2] for row in rows if row[:1] == ["service"] and len(row) == 3}
    facts = read_facts(printed, started, ended)
    finished = said.get("finished") == "yes"
    return Outlook(facts, said.get("serves", ""), said.get("provisioned", ""), changes, finished)
