"""exporter.py, which asks Nimbus by mutual TLS: at its TLS port, where Thrift messages have no frames.

Settings are those of exporter.py, and:
  STORM_EXPORTER_TLS  folder with storm.pem, storm-key.pem and storm-authority.pem: the exporter's certificate, its key, and the authority
                      that signs Nimbus's certificate, which has to be for the address at which Nimbus is asked
"""

import contextlib
import os
import time

import exchangeByTls
import exporter

GOODBYE_SECONDS = 1  # for Nimbus to say goodbye too


class Connection:
    """A connection by TLS, to a caller that has frames."""

    def __init__(self, secure):
        self.secure = secure
        self.until = 0
        self.received = bytearray()  # of messages
        self.framed = bytearray()  # for the caller
        self.room = 0

    def settimeout(self, seconds):
        self.until = time.monotonic() + seconds

    def sendall(self, frame):
        self.wait()
        self.secure.sendall(frame[exporter.I32.size :])

    def recv(self, size):
        if not self.framed:
            self.room = exporter.LARGEST_FRAME
            try:
                message = exchangeByTls.Message(self).data
            except RecursionError:
                raise OSError("an answer that is not Thrift") from None
            self.framed += exporter.I32.pack(len(message)) + message
        return taken(self.framed, size)

    def read(self, size):
        """Bytes of a message; fewer, if the connection was closed."""
        self.room -= size
        if self.room < 0:
            raise OSError("an answer that is too long")
        while len(self.received) < size:
            self.wait()
            part = self.secure.recv(65536)
            if not part:
                break
            self.received += part
        return taken(self.received, size)

    def wait(self):
        """What comes next may take as long as the caller has said of all of it."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        self.secure.settimeout(left)

    def close(self):
        with self.secure, contextlib.suppress(OSError):
            self.secure.settimeout(GOODBYE_SECONDS)
            self.secure.unwrap()  # without it Nimbus logs an error


def taken(data, size):
    part = bytes(data[:size])
    del data[:size]
    return part


class Nimbus(exporter.Nimbus):
    def cluster(self):
        cluster = super().cluster()
        for nimbus in cluster["nimbuses"]:
            nimbus["port"] = nimbus.get("tls_port", 0)  # one that has not been restarted since the cluster got TLS has none
        return cluster


plain = exporter.connected
files = [os.path.join(os.environ["STORM_EXPORTER_TLS"], f"storm{name}.pem") for name in ("", "-key", "-authority")]


def connected(at, seconds):
    until = time.monotonic() + seconds
    connection = plain(at, seconds)
    try:
        connection.settimeout(max(until - time.monotonic(), 0.001))
        return Connection(exchangeByTls.trusting(*files).wrap_socket(connection, server_hostname=at[0]))
    except OSError as error:
        connection.close()
        raise OSError(exchangeByTls.said(error)) from None


exporter.NIMBUS[6] = ("tls_port", {})
exporter.connected = connected
exporter.Nimbus = Nimbus
exporter.main()
