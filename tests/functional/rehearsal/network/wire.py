"""Real connections, from whatever network namespace this runs in: `listen` answers with the sender's
address, `probe` says for each attempt what came back. Stands alone, so that nsenter can start it."""

import asyncio
import json
import os
import socket
import struct
import sys
from typing import Any

# A blocked connection is silent; an open one on a busy machine still answers within this, also where the
# first packet was lost: TCP tries again after a second.
PATIENCE_SECONDS = 2.5
SILENCE, REFUSED = "", "refused"
SO_MARK = 36
# A DNS query for the address of "a", so that a resolver on the way passes it on.
QUESTION = bytes.fromhex("5245 0100 0001 0000 0000 0000 0161 00 0001 0001".replace(" ", ""))
NO_SUCH_NAME = bytes.fromhex("8183")


async def probe(attempt: dict[str, Any]) -> str:
    """The address under which the other side saw us, or SILENCE, or REFUSED."""
    if attempt.get("ping"):
        return await ping(attempt["to"])
    kind = socket.SOCK_DGRAM if attempt.get("udp") else socket.SOCK_STREAM
    family = socket.AF_INET6 if ":" in attempt["to"] else socket.AF_INET
    loop = asyncio.get_running_loop()
    with socket.socket(family, kind) as ours:
        ours.setblocking(False)
        if attempt.get("mark"):
            ours.setsockopt(socket.SOL_SOCKET, SO_MARK, attempt["mark"])
        if attempt.get("source"):
            ours.bind((attempt["source"], 0))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await loop.sock_connect(ours, (attempt["to"], attempt["port"]))
                await loop.sock_sendall(ours, QUESTION)
                return said(await loop.sock_recv(ours, 100))
        except TimeoutError:
            return SILENCE
        except OSError as error:
            return REFUSED if isinstance(error, ConnectionError) else str(error)


async def ping(address: str) -> str:
    """The address that answered one echo request."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as ours:
        ours.setblocking(False)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                ours.connect((address, 0))  # only notes the address; asyncio's own looks for a service's name
                # Type 8, code 0, the checksum, a number of its own (one seen before is tracked), sequence 0.
                number = os.getpid() & 0xF7FF
                checksum = 0xFFFF - sum(divmod(0x0800 + number, 0x10000))
                await loop.sock_sendall(ours, struct.pack("!BBHHH", 8, 0, checksum, number, 0))
                while not (packet := await loop.sock_recv(ours, 100))[20:].startswith(b"\0\0"):
                    continue
                return socket.inet_ntoa(packet[12:16])
        except TimeoutError:
            return SILENCE


async def probe_all(attempts: list[dict[str, Any]]) -> list[str]:
    return list(await asyncio.gather(*(probe(attempt) for attempt in attempts)))


def said(answer: bytes) -> str:
    """An address, or from a resolver that no such name exists."""
    return "no such name" if answer.startswith(QUESTION[:2]) else answer.decode()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)
    writer.write(writer.get_extra_info("peername")[0].encode())
    writer.close()


class Datagrams(asyncio.DatagramProtocol):
    """Tells a sender its address, and a resolver, which asks with its own number, that it knows nothing."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        plain = data.startswith(QUESTION[:2])
        self.transport.sendto(addr[0].encode() if plain else data[:2] + NO_SUCH_NAME + data[4:], addr)


async def listen(places: list[str]) -> None:
    """Each place is tcp/ADDRESS/PORT or udp/ADDRESS/PORT."""
    for place in places:
        protocol, address, port = place.split("/")
        if protocol == "tcp":
            await asyncio.start_server(answer, address, int(port))
        else:
            await asyncio.get_running_loop().create_datagram_endpoint(
                Datagrams, local_addr=(address, int(port))
            )
    print("listening", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "listen":
        asyncio.run(listen(sys.argv[2:]))
    else:
        print(json.dumps(asyncio.run(probe_all(json.load(sys.stdin)))))
