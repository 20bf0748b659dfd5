"""Whether what was deployed serves: python tests/smoke.py reports/deployment.json; exit 1 says what not."""

import json
import sys
import time
from pathlib import Path

import requests

# A page, and what whoever comes from the world is answered there.
EXPECTED = {"": 200, "login": 200, "metrics": 404, "readyz": 404}
WITHIN_SECONDS = 30
BETWEEN_LOOKS_SECONDS = 1
ANSWER_WITHIN_SECONDS = 5


def main(report: Path) -> None:
    """Ask every page of the address in the report until all answer as they should."""
    address = address_in(report)
    deadline = time.monotonic() + WITHIN_SECONDS
    while wrong := {page: got for page in EXPECTED if (got := status(address + page)) != EXPECTED[page]}:
        if time.monotonic() > deadline:
            told = (f"{address}{page}: {got} instead of {EXPECTED[page]}" for page, got in wrong.items())
            sys.exit("\n".join(told))
        time.sleep(BETWEEN_LOOKS_SECONDS)
    print(f"{address} serves")


def address_in(report: Path) -> str:
    """Where the microblog was deployed to."""
    try:
        return str(json.loads(report.read_text())["address"])
    except (OSError, ValueError, KeyError):
        sys.exit(f"{report} tells of no deployment that went well\ntry: make deploy")


def status(url: str) -> int | str:
    """The status of the answer, or why there is none."""
    try:
        return requests.get(url, timeout=ANSWER_WITHIN_SECONDS, allow_redirects=True).status_code
    except requests.RequestException as error:
        return type(error).__name__


main(Path(sys.argv[1]))
