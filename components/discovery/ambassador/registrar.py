"""Registers what runs on a host in etcd, and tells the host's proxy, HAProxy, where everything else is.

registrar.py FILE: FILE has the settings, as registrar.ts writes them. It runs until it is stopped, and goes on past every failure:
what it has told the proxy stays, and the proxy's own checks find out what does not answer.
"""

import base64
import json
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request

INTERVAL = 1  # seconds between two rounds
TIMEOUT = 2  # seconds for one connection
FORCED_MAINTENANCE = 1  # of a server's administrative state, which has it, too, that its configuration said so (4)


class Etcd:
    """Those calls of etcd's JSON API that are needed: https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/"""

    def __init__(self, members, user, password, context):
        self.members = members
        self.context = context
        self.user = user
        self.password = password
        self.token = None

    def call(self, path, body):
        if self.token is None:
            given = {"name": self.user, "password": self.password}
            self.token = self.post("/v3/auth/authenticate", given)["token"]
        return self.post(path, body)

    def post(self, path, body):
        headers = {"Authorization": self.token} if self.token else {}
        request = urllib.request.Request(self.members[0] + path, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT, context=self.context) as reply:
                return json.load(reply)
        except OSError as error:
            self.token = None  # it may have expired
            if isinstance(error, urllib.error.HTTPError):
                raise OSError(error.read().decode()) from None
            self.members = self.members[1:] + self.members[:1]  # the next one, at the next call
            raise

    def grant(self, seconds):
        return self.call("/v3/lease/grant", {"TTL": seconds})["ID"]

    def keep_alive(self, lease):
        """Whether the lease is still there."""
        return "TTL" in self.call("/v3/lease/keepalive", {"ID": lease}).get("result", {})

    def put(self, key, value, lease):
        self.call("/v3/kv/put", {"key": encoded(key), "value": encoded(value), "lease": lease})

    def delete(self, key):
        self.call("/v3/kv/deleterange", {"key": encoded(key)})

    def all(self, prefix):
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        found = self.call("/v3/kv/range", {"key": encoded(prefix), "range_end": encoded(end)}).get("kvs", [])
        return {decoded(one["key"]): decoded(one["value"]) for one in found}


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def decoded(text):
    return base64.b64decode(text).decode()


def answers(address):
    host, port = address.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), TIMEOUT).close()
        return True
    except OSError:
        return False


class Registration:
    """The host's services in the registry, for as long as they accept connections and this program runs."""

    def __init__(self, etcd, services, seconds):
        self.etcd = etcd
        self.services = services
        self.seconds = seconds
        self.lease = None
        self.registered = set()

    def renew(self):
        if self.lease is None or not self.etcd.keep_alive(self.lease):
            self.registered = set()
            self.lease = self.etcd.grant(self.seconds)
        for key, service in self.services.items():
            is_there = answers(service["to"])
            if is_there and key not in self.registered:
                self.etcd.put(key, service["at"], self.lease)
                self.registered.add(key)
                say(f"registered {key} at {service['at']}")
            elif not is_there and key in self.registered:
                self.etcd.delete(key)
                self.registered.remove(key)
                say(f"took {key} out, which does not answer at {service['to']}")


class Proxy:
    """The proxy's servers, by its runtime API: https://docs.haproxy.org/2.6/management.html#9.3"""

    def __init__(self, path):
        self.path = path

    def command(self, text):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT)
            connection.connect(self.path)
            connection.sendall(text.encode() + b"\n")
            reply = b"".join(iter(lambda: connection.recv(65536), b"")).decode().strip()
        return reply

    def servers(self, backend):
        """Address of each server, or None where it is out of service."""
        state = {}
        for line in self.command(f"show servers state {backend}").splitlines():
            words = line.split(" ")
            if len(words) > 18 and words[1] == backend:
                is_out = int(words[6]) & FORCED_MAINTENANCE
                state[words[3]] = None if is_out else f"{words[4]}:{words[18]}"
        return state

    def set(self, backend, addresses):
        """Has a backend lead to these addresses and no others. Those that it leads to already are not touched."""
        state = self.servers(backend)
        there = set(state.values())
        free = [name for name, address in state.items() if address not in addresses]
        for name in free:
            if state[name] is not None:
                self.command(f"set server {backend}/{name} state maint")
                say(f"{backend} leads to {state[name]} no more")
        for address in sorted(set(addresses) - there):
            if not free:
                say(f"{backend} has no place for {address}")
                break
            name = free.pop(0)
            host, port = address.rsplit(":", 1)
            self.command(f"set server {backend}/{name} addr {host} port {port}")
            self.command(f"set server {backend}/{name} state ready")
            say(f"{backend} leads to {address}")


def say(text):
    print(text, flush=True)


def main(file):
    with open(file, encoding="utf-8") as opened:
        settings = json.load(opened)
    certificate = settings.get("certificate")
    context = None
    if certificate:
        context = ssl.create_default_context(cafile=certificate["authority"])
        context.load_cert_chain(certificate["own"])
    etcd = Etcd(settings["etcd"], settings["user"], settings["password"], context)
    registration = Registration(etcd, settings["services"], settings["leaseSeconds"])
    proxy = Proxy(settings["proxySocket"])
    known, said = {}, None
    while True:
        problems = []
        try:
            registration.renew()
            known = etcd.all(settings["prefix"])
        except (OSError, KeyError, ValueError) as error:
            problems.append(f"etcd: {error}")
        try:
            for backend, prefix in settings["backends"].items():
                addresses = [address for key, address in known.items() if key.startswith(prefix)]
                # That nobody is registered is not known to be true of anybody: the last ones stay.
                if addresses:
                    proxy.set(backend, addresses)
        except (OSError, ValueError) as error:
            problems.append(f"proxy: {error}")
        problem = "; ".join(problems) or None
        if problem != said:
            say(problem or "etcd and the proxy answer")
            said = problem
        time.sleep(INTERVAL)


if __name__ == "__main__":
    main(sys.argv[1])
