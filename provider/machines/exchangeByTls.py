"""Sends Thrift messages to the TLS port of a Nimbus, and prints the replies.

Reads a request from each line: address, port, and a message in base64. Answers it by a line: an exit code, and in base64 the reply, or what
has failed, as serve.sh does. Arguments: PEM files, which are the certificate, its key and the authority that signs Nimbus's certificate,
and the seconds that an exchange may take. The files are read for each request, so that renewed ones count.

Storm's TlsTransportPlugin has no frames: the end of a reply is where its structure ends.
https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md
"""

import base64
import contextlib
import signal
import socket
import ssl
import sys

STOP, STRING, STRUCT, MAP, SET, LIST = 0, 11, 12, 13, 14, 15
SIZES = {2: 1, 3: 1, 4: 8, 6: 2, 8: 4, 10: 8}  # of booleans, bytes, doubles and integers
TIMED_OUT = 124  # what timeout exits with


class Message:
    """A message of Thrift's binary protocol, read to its end."""

    def __init__(self, source):
        self.source = source
        self.data = bytearray()
        self.read(4)  # version and type
        self.skip(STRING)
        self.read(4)  # number
        self.skip(STRUCT)

    def read(self, size):
        part = self.source.read(size) if size >= 0 else b""
        if len(part) != size:
            raise OSError("the connection was closed without an answer")
        self.data += part
        return part

    def number(self, size):
        return int.from_bytes(self.read(size), "big", signed=True)

    def skip(self, kind):
        if kind in SIZES:
            self.read(SIZES[kind])
        elif kind == STRING:
            self.read(self.number(4))
        elif kind == STRUCT:
            field = self.number(1)
            while field != STOP:
                self.read(2)
                self.skip(field)
                field = self.number(1)
        elif kind in (MAP, SET, LIST):
            kinds = [self.number(1) for _ in range(2 if kind == MAP else 1)]
            for _ in range(self.number(4)):
                for each in kinds:
                    self.skip(each)
        else:
            raise OSError("the answer is not Thrift")


def trusting(certificate, key, authority):
    """Verifies that the server's certificate is signed by the authority, and is for the address at which one connects."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_cert_chain(certificate, key)
        context.load_verify_locations(authority)
    except OSError as error:
        raise OSError(f"{certificate}, {key} or {authority} cannot be used: {error}") from None
    return context


def exchange(address, port, message, *files):
    context = trusting(*files)
    with socket.create_connection((address, int(port))) as connection:
        with context.wrap_socket(connection, server_hostname=address) as secure:
            secure.sendall(message)
            reply = Message(secure.makefile("rb"))
            with contextlib.suppress(OSError):
                secure.unwrap()  # says that this is the end: without it Nimbus logs an error
            return reply.data


def said(error):
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is refused: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
        return f"the server refuses this client's certificate, or the connection: {error.reason}"
    return str(error)


def overdue(*_):
    raise TimeoutError


def main():
    *files, seconds = sys.argv[1:]
    signal.signal(signal.SIGALRM, overdue)
    for line in sys.stdin:
        address, port, message = line.split()
        code, answer = 0, b""
        signal.alarm(int(seconds))
        try:
            answer = exchange(address, port, base64.b64decode(message), *files)
        except TimeoutError:
            code = TIMED_OUT
        except OSError as error:
            code, answer = 1, said(error).encode()
        finally:
            signal.alarm(0)
        print(code, base64.b64encode(answer).decode(), flush=True)


if __name__ == "__main__":
    main()
