"""Cuts the network of a Python process: only this machine is reached, and whoever tries more is written down."""

import os
import socket

LOG = os.environ.get("OFFLINE_LOG")
LOCAL = {"127.0.0.1", "localhost", "::1", "0.0.0.0", "", None}

if LOG:
    with open(LOG, "a") as log:
        log.write("the network is cut\n")
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def refuse(host: object) -> None:
        """Write the attempt down and fail as a machine without a network does."""
        with open(str(LOG), "a") as log:
            log.write(f"{host}\n")
        raise OSError(101, "Network is unreachable")

    def connect_here(self, address):  # type: ignore[no-untyped-def]
        """Connect to this machine only."""
        host = address[0] if isinstance(address, tuple) else None
        return connect(self, address) if host in LOCAL else refuse(host)

    def look_up_here(host, *more, **named):  # type: ignore[no-untyped-def]
        """Look up this machine only."""
        return look_up(host, *more, **named) if host in LOCAL else refuse(host)

    socket.socket.connect = connect_here
    socket.getaddrinfo = look_up_here
