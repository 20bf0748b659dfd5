"""A mail server on loopback that keeps what it is given."""

import email
import email.policy
import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage


@dataclass
class Mailbox:
    """What arrived, and what the server answers to each recipient; without an answer it hangs up."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    answer: str = "250 fine"
    senders: list[str] = field(default_factory=list)

    def to(self, recipient: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == recipient]

    def text(self, recipient: str) -> str:
        """The last mail to somebody."""
        return self.to(recipient)[-1].get_content()

    def link(self, recipient: str) -> str:
        """The link with a token in the last mail to somebody, without the site."""
        (address,) = re.findall(r"https://blog\.example(/\S+token=\S+)", self.text(recipient))
        return address

    def token(self, recipient: str) -> str:
        return self.link(recipient).partition("token=")[2]


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        mailbox: Mailbox = self.server.mailbox  # type: ignore[attr-defined]
        self._say("220 mail.example")
        for raw in self.rfile:
            verb = raw.decode().strip().upper()
            if verb.startswith("MAIL FROM"):
                mailbox.senders.append(raw.decode().strip())
            if verb.startswith("QUIT"):
                return self._say("221 bye")
            if verb.startswith("RCPT") and not mailbox.answer:
                return None
            if verb.startswith("RCPT"):
                self._say(mailbox.answer)
            elif verb == "DATA":
                self._say("354 go on")
                mailbox.mails.append(self._mail())
                self._say("250 kept")
            else:
                self._say("250 fine")
        return None

    def _mail(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        return email.message_from_bytes(b"".join(lines), policy=email.policy.default)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def listening() -> Iterator[Mailbox]:
    """A mailbox behind a real SMTP conversation."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Conversation) as server:
        server.daemon_threads = True
        server.mailbox = Mailbox(port=server.server_address[1])  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.mailbox  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join()
