"""What a host wrote on its console, as a person reads it and XML can hold it."""

import re

LINES = 15
# What is written to a terminal beside words, by ECMA-48: sequences, titles, other escapes, single controls;
# and the two characters besides that XML knows no way to write.
CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]"
)
# Dozens of lines of each first boot, between what went wrong and the end.
OF_KEYS = re.compile(
    r"SSH HOST KEY|SHA256|(ssh|ecdsa)-\S+ AAAA|\[\d+\]: (\||\+)|randomart|key fingerprint is"
    r"|has been saved in|Generating public/private|^(ssh|ecdsa)-|^ci-info: "
)


def last_words(console: str) -> str:
    """The last 15 lines without colours, empty ones and what is said of keys."""
    plain = CONTROL.sub("", console)
    lines = [line.rstrip() for line in plain.splitlines() if line.strip() and not OF_KEYS.search(line)]
    return "\n".join(lines[-LINES:])
