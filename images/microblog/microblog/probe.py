"""Asks this container's own /readyz, and exits 0 when it is ready. Run by path, it imports nothing else."""

import socket
import sys

TIMEOUT_SECONDS = 2.5


def main(port: int = 8000) -> int:
    """0 when ready; else 1, and what was answered."""
    try:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as connection:
            connection.sendall(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
    except OSError as error:
        print(error)
        return 1
    head, _, body = answer.partition(b"\r\n\r\n")
    print(body.decode(errors="replace").strip())
    return 0 if head.split()[1:2] == [b"200"] else 1


if __name__ == "__main__":
    sys.exit(main())
