"""What the client needs to know of channels: which addresses are of this machine, and the standard health protocol."""

from __future__ import annotations

import ipaddress


def stays_here(address: str) -> bool:
    """Tells whether an address is a socket file or the loopback interface."""
    if address.startswith(("unix:", "unix-abstract:")):
        return True
    host = (
        address.removeprefix("dns:").removeprefix("///").removeprefix("ipv4:").removeprefix("ipv6:").rpartition(":")[0]
    )
    host = host.strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# The standard health protocol has one field each way. Writing those bytes here spares a dependency, and a second
# registration of its proto in programs that have the usual package for it.
def health_request(service: str) -> bytes:
    name = service.encode()
    if len(name) > 127:
        raise ValueError("the name of a service has at most 127 bytes")
    return bytes([0x0A, len(name)]) + name if name else b""


def health_status(response: bytes) -> bool:
    return response == b"\x08\x01"  # field 1, SERVING
