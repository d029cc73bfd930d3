# SPDX-License-Identifier: Apache-2.0
"""Sockets of a machine that has no network: numbers and this machine's own names are found, connections to it are refused, as nothing
listens, what lies outside cannot be reached, and names of other hosts cannot be looked up. The module `_socket` has no calls for any of it."""

import _socket
import errno
import ipaddress
import os
import socket
import weakref

_LOOPBACKS = "127.0.0.1", "::1"
_SERVICES = {"http": 80, "https": 443, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "pop3": 110, "ntp": 123, "imap": 143, "imaps": 993}
_OPTIONS = {
    "SO_DEBUG": 1, "SO_REUSEADDR": 2, "SO_ERROR": 4, "SO_DONTROUTE": 5, "SO_BROADCAST": 6, "SO_SNDBUF": 7, "SO_RCVBUF": 8, "SO_KEEPALIVE": 9,
    "SO_OOBINLINE": 10, "SO_LINGER": 13, "SO_REUSEPORT": 15, "SO_RCVLOWAT": 18, "SO_SNDLOWAT": 19, "SO_RCVTIMEO": 20, "SO_SNDTIMEO": 21,
}  # fmt: skip
_FIRST_PORT = 32768


def _error(number):
    return OSError(number, "Network is unreachable" if number == errno.ENETUNREACH else os.strerror(number))


def _unknown():
    return _socket.gaierror(_socket.EAI_AGAIN, "Temporary failure in name resolution")


def _is_own_name(host):
    host = host.rstrip(".").lower()
    return host in ("localhost", "ip6-localhost", "ip6-loopback", socket.gethostname()) or host.endswith(".localhost")


def _addresses(host, passive=False):
    """The numbers of a host, as addresses: those of this machine for None."""
    if host is None or host == "":
        return [ipaddress.ip_address(each) for each in (("0.0.0.0", "::") if passive else reversed(_LOOPBACKS))]
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode()
    if not isinstance(host, str):
        raise TypeError("getaddrinfo() argument 1 must be string or None")
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        pass
    try:
        return [ipaddress.ip_address(_socket.inet_aton(host))]  # "127.1" and the like
    except OSError:
        pass
    if _is_own_name(host):
        return [ipaddress.ip_address(each) for each in reversed(_LOOPBACKS)]
    raise _unknown()


def _port(port):
    if port is None:
        return 0
    if isinstance(port, (bytes, bytearray)):
        port = bytes(port).decode()
    if isinstance(port, str):
        if port.isdecimal():
            return int(port)
        if port not in _SERVICES:
            raise _socket.gaierror(_socket.EAI_SERVICE, "Servname not supported for ai_socktype")
        return _SERVICES[port]
    if not isinstance(port, int):
        raise OSError("Int or String expected")
    return port & 0xFFFF


def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
    kinds = [(_socket.SOCK_STREAM, 6), (_socket.SOCK_DGRAM, 17)]
    kinds = [(kind, number) for kind, number in kinds if type in (0, kind) and proto in (0, number)]
    number = _port(port)
    found = []
    for address in _addresses(host, flags & _socket.AI_PASSIVE):
        of = _socket.AF_INET if address.version == 4 else _socket.AF_INET6
        if family in (0, of):
            place = (str(address), number) if address.version == 4 else (str(address), number, 0, 0)
            found += ((of, kind, number_of, "", place) for kind, number_of in kinds)
    if not found:
        raise _socket.gaierror(_socket.EAI_FAMILY, "Address family for hostname not supported")
    return found


def gethostbyname(host, /):
    for address in _addresses(host or "0.0.0.0"):
        if address.version == 4:
            return str(address)
    raise _socket.gaierror(_socket.EAI_FAMILY, "Address family for hostname not supported")


def gethostbyname_ex(host, /):
    return host, [], [gethostbyname(host)]


def gethostbyaddr(host, /):
    address = _addresses(host)[0]
    if not address.is_loopback:
        raise _socket.herror(2, "Host name lookup failure")
    return "localhost", [], [str(address)]


def getnameinfo(sockaddr, flags, /):
    host, port = sockaddr[:2]
    address = _addresses(host)[0]
    if not address.is_loopback and not flags & _socket.NI_NUMERICHOST:
        raise _unknown()
    name = str(address) if flags & _socket.NI_NUMERICHOST else "localhost"
    service = next((each for each, number in _SERVICES.items() if number == port and not flags & _socket.NI_NUMERICSERV), str(port))
    return name, service


def getservbyname(name, protocol="tcp", /):
    if name not in _SERVICES:
        raise OSError("service/proto not found")
    return _SERVICES[name]


def getservbyport(port, protocol="tcp", /):
    for name, number in _SERVICES.items():
        if number == port:
            return name
    raise OSError("port/proto not found")


def getprotobyname(name, /):
    numbers = {"ip": 0, "icmp": 1, "tcp": 6, "udp": 17, "ipv6": 41, "ipv6-icmp": 58}
    if name not in numbers:
        raise OSError("protocol not found")
    return numbers[name]


_original_pton, _original_ntop = _socket.inet_pton, _socket.inet_ntop


def inet_pton(family, text, /):
    if family != _socket.AF_INET6:
        return _original_pton(family, text)
    try:
        return ipaddress.IPv6Address(text).packed
    except ValueError:
        raise OSError("illegal IP address string passed to inet_pton") from None


def inet_ntop(family, packed, /):
    if family != _socket.AF_INET6:
        return _original_ntop(family, packed)
    if len(packed) != 16:
        raise ValueError("invalid length of packed IP address string")
    return str(ipaddress.IPv6Address(bytes(packed)))


# What a socket can do: methods of socket.socket, in place of the module's, which has none of them.

_original_init = socket.socket.__init__


def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
    if fileno is None:
        family = _socket.AF_INET if family == -1 else family
        type = _socket.SOCK_STREAM if type == -1 else type
        if family not in (_socket.AF_INET, _socket.AF_INET6):
            raise _error(errno.EAFNOSUPPORT)
        if type & 15 not in (_socket.SOCK_STREAM, _socket.SOCK_DGRAM):
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        # Something open, that has a number and can be closed.
        fileno = os.open("/dev/null", os.O_RDWR)
        _original_init(self, family, type, max(proto, 0), fileno)
        return
    _original_init(self, family, type, proto, fileno)


def _place(self, address, what):
    if not isinstance(address, tuple):
        raise TypeError(f"{what}(): AF_INET address must be tuple, not {type(address).__name__}")
    if len(address) < 2:
        raise TypeError(f"{what}(): AF_INET address must be a pair (host, port)")
    if not isinstance(address[1], int):
        raise TypeError(f"'{type(address[1]).__name__}' object cannot be interpreted as an integer")
    if not 0 <= address[1] <= 0xFFFF:
        raise OverflowError(f"{what}(): port must be 0-65535.")
    version = 4 if self.family == _socket.AF_INET else 6
    for found in _addresses(address[0], passive=what == "bind"):
        if found.version == version:
            return found
    raise _socket.gaierror(_socket.EAI_FAMILY, "Address family for hostname not supported")


def _open(self):
    if self.fileno() < 0:
        raise _error(errno.EBADF)


def connect(self, address, /):
    _open(self)
    host = _place(self, address, "connect")
    if not (host.is_loopback or host.is_unspecified):
        raise _error(errno.ENETUNREACH)
    if self.type & 15 == _socket.SOCK_STREAM:
        raise _error(errno.ECONNREFUSED)


def connect_ex(self, address, /):
    try:
        connect(self, address)
    except _socket.gaierror:
        raise
    except OSError as error:
        return error.errno
    return 0


_bound = weakref.WeakKeyDictionary()
_next_port = _FIRST_PORT


def bind(self, address, /):
    global _next_port
    _open(self)
    host = _place(self, address, "bind")
    if not (host.is_loopback or host.is_unspecified):
        raise _error(errno.EADDRNOTAVAIL)
    port = address[1]
    if not port:
        _next_port += 1
        port = _next_port
    _bound[self] = (str(host), port) if host.version == 4 else (str(host), port, 0, 0)


def getsockname(self):
    _open(self)
    nowhere = ("0.0.0.0", 0) if self.family == _socket.AF_INET else ("::", 0, 0, 0)
    return _bound.get(self, nowhere)


def listen(self, backlog=128, /):
    _open(self)
    raise _error(errno.ENOTSUP)


def setsockopt(self, level, option, *value):
    _open(self)


def getsockopt(self, level, option, size=None, /):
    _open(self)
    number = self.type & 15 if (level, option) == (_socket.SOL_SOCKET, _socket.SO_TYPE) else 0
    return number if size is None else number.to_bytes(4, "little")[:size]


def sendto(self, data, *args):
    _open(self)
    if not args:
        raise TypeError("sendto() takes 2 or 3 arguments (1 given)")
    host = _place(self, args[-1], "sendto")
    if self.type & 15 == _socket.SOCK_STREAM:
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
    if not (host.is_loopback or host.is_unspecified):
        raise _error(errno.ENETUNREACH)
    return len(memoryview(data).cast("B"))  # nobody takes it: as where nobody listens


def _failing(name, number):
    def method(self, *args, **kwargs):
        _open(self)
        raise _error(number)

    method.__name__ = name
    method.__qualname__ = f"socket.{name}"
    return method


def _fit_functions():
    functions = (
        getaddrinfo, gethostbyname, gethostbyname_ex, gethostbyaddr, getnameinfo, getservbyname, getservbyport, getprotobyname, inet_pton, inet_ntop,
    )
    original = socket.getaddrinfo  # in Python, and asks the module
    for function in functions:
        function.__module__ = "_socket"
        setattr(_socket, function.__name__, function)
        setattr(socket, function.__name__, function)
        if function.__name__ not in socket.__all__:
            socket.__all__.append(function.__name__)
    socket.getaddrinfo = original
    for name, number in _OPTIONS.items():
        for module in (_socket, socket):
            if not hasattr(module, name):
                setattr(module, name, number)
    _socket.has_ipv6 = socket.has_ipv6 = True


def _fit_methods():
    kind = socket.socket
    kind.__init__ = __init__
    for method in (connect, connect_ex, bind, getsockname, listen, setsockopt, getsockopt, sendto):
        method.__qualname__ = f"socket.{method.__name__}"
        setattr(kind, method.__name__, method)
    for name in ("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "shutdown", "getpeername"):
        setattr(kind, name, _failing(name, errno.ENOTCONN))
    for name in ("send", "sendall", "sendmsg"):
        setattr(kind, name, _failing(name, errno.EPIPE))
    kind._accept = _failing("accept", errno.EINVAL)


_fit_functions()
_fit_methods()
