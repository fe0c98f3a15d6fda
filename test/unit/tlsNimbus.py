"""A TLS port before a stand-in for Nimbus, as Storm's TlsTransportPlugin is: TLS 1.2 with a client's certificate, Thrift messages without
frames, many calls on one connection, which the client closes. Unlike Node's, a server of Python's refuses a certificate by an alert, as
Java's does.

Arguments: PEM files of the certificate, its key and the authority of the clients, and the stand-in's port, which takes frames. Prints its own port.
"""

import contextlib
import socket
import ssl
import sys
import threading

certificate, key, authority, behind = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.maximum_version = ssl.TLSVersion.TLSv1_2
context.verify_mode = ssl.CERT_REQUIRED
context.load_cert_chain(certificate, key)
context.load_verify_locations(authority)


def answered(message):
    """The stand-in's answer; empty: it has closed the connection."""
    with socket.create_connection(("127.0.0.1", int(behind))) as connection:
        connection.sendall(len(message).to_bytes(4, "big") + message)
        source = connection.makefile("rb")
        return source.read(int.from_bytes(source.read(4), "big"))


def serve(connection):
    # A client that is refused is no error here.
    with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
        message = secure.recv(65536)
        while message:
            reply = answered(message)
            if not reply:
                return
            # In two parts, as a long one comes.
            secure.sendall(reply[:7])
            secure.sendall(reply[7:])
            message = secure.recv(65536)


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
