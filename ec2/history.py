"""What was deployed to a stack, read from its hosts, and what can be rolled back to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ec2.errors import NoSuchRelease
from ec2.everywhere import everywhere
from ec2.host_scripts import host_script
from ec2.ledger import DONE, Entry, read_entries
from ec2.release import ROOT
from ec2.ssh import Session


@dataclass(frozen=True)
class History:
    """The deployments of a host or of a stack, the oldest first, and the releases that it keeps."""

    entries: tuple[Entry, ...]
    kept: frozenset[str]
    # The release that serves, by name of host.
    serving: Mapping[str, str]

    @property
    def current(self) -> str:
        """The release that serves; "" where there is none, or where hosts differ."""
        serving = set(self.serving.values())
        return serving.pop() if len(serving) == 1 else ""

    def serves(self) -> str:
        """The release that serves on every host. Raises NoSuchRelease with what each host has."""
        if self.current:
            return self.current
        listed = "; ".join(f"{name}: {release or 'none'}" for name, release in self.serving.items())
        raise NoSuchRelease(f"no release serves on every host: {listed}", "python -m ec2 diff BEFORE AFTER")

    def find(self, wanted: str) -> Entry:
        """The last deployment of a release that is named by its id, its beginning, or its commit.

        Raises NoSuchRelease, also when several are meant.
        """
        known = {entry.release: entry for entry in self.entries if entry.outcome == DONE}
        meant = [one for one in known if one == wanted] or [
            one for one in known if one.startswith(wanted) or one.partition("-")[2].startswith(wanted)
        ]
        if len(meant) != 1:
            which = f"several releases begin with '{wanted}'" if meant else f"there is no release '{wanted}'"
            raise NoSuchRelease(f"{which}: {', '.join(meant or known) or 'none'}", "python -m ec2 releases")
        return known[meant[0]]

    def before_current(self) -> Entry:
        """What served before the release that serves, and is kept. Raises NoSuchRelease."""
        done = [entry for entry in self.entries if entry.outcome == DONE]
        # A release that serves again came back after what it came back from.
        while done and self.current and done[-1].release != self.current:
            done.pop()
        for entry in reversed(done):
            if entry.release != self.current and entry.release in self.kept:
                return entry
        raise NoSuchRelease("there is no earlier release to go back to", "python -m ec2 releases")

    def require_kept(self, entry: Entry) -> Entry:
        """The entry, if every host can go back to it. Raises NoSuchRelease."""
        if entry.release not in self.kept:
            raise NoSuchRelease(
                f"{entry.release} is not kept any more; these are: {', '.join(sorted(self.kept))}",
                f"git checkout {entry.commit.removesuffix('-dirty')} && python -m ec2 deploy",
            )
        return entry


def read_history(sessions: Sequence[Session]) -> History:
    """The history of the stack, from all of its hosts in one round trip each."""
    return together(everywhere(sessions, read_host), [session.host.name for session in sessions])


def read_host(session: Session) -> str:
    """What one host has written down."""
    script = f"{host_script('release.sh')}\n{host_script('history.sh')}"
    return session.run(script, arguments=[ROOT, ""], sudo=True, what="reading the ledger")


def together(printed: Sequence[str], names: Sequence[str]) -> History:
    """One history of what each host printed; what is kept is kept on every host."""
    lines = [line for one in printed for line in one.splitlines()]
    kept = [frozenset(said(one, "kept")) for one in printed]
    serving = {name: next(said(one, "serves"), "") for name, one in zip(names, printed, strict=True)}
    return History(tuple(read_entries(lines)), frozenset.intersection(*kept), serving)


def said(printed: str, word: str) -> Iterator[str]:
    """What stands behind the word in lines that begin with it."""
    return (line.partition(" ")[2] for line in printed.splitlines() if line.partition(" ")[0] == word)
