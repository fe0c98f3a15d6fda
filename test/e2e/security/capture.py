"""Reads what this network namespace sends and receives until enough packets of workers have passed: capture.py PORT PACKETS TEXT.
Prints how many packets had the text, of how many."""
import socket
import sys

ETH_P_ALL, ETH_P_IP = 3, 0x0800  # A socket for IP alone does not see what is sent.
port, enough, text = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode()
packets = of_workers = found = 0
with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL)) as wire:
    wire.settimeout(60)
    while of_workers < enough:
        packet, (_, protocol, *_) = wire.recvfrom(65536)
        if protocol != ETH_P_IP or packet[9] != socket.IPPROTO_TCP:
            continue
        header = (packet[0] & 15) * 4
        start = header + (packet[header + 12] >> 4) * 4
        payload = packet[start:int.from_bytes(packet[2:4], "big")]
        packets += bool(payload)
        ports = (int.from_bytes(packet[header + at:header + at + 2], "big") for at in (0, 2))
        of_workers += bool(payload) and port in ports
        found += text in payload
print(found, "of", packets)
