# SPDX-License-Identifier: Apache-2.0
"""Where this interpreter's standard library would say something else than a desktop's, or nothing at all: it is built without OpenSSL,
mpdecimal, locales and names of hosts."""

import _pydecimal
import _socket
import decimal
import hashlib
import hmac
import locale
import socket

# ------------------------------------------------------------------------------------------------------------ passwords


def pbkdf2_hmac(hash_name, password, salt, iterations, dklen=None):
    """A key of `dklen` bytes from a password, as PKCS #5 has it: HMAC, so many times."""
    if iterations < 1:
        raise ValueError("iteration value must be greater than 0.")
    begun = hmac.new(password, digestmod=hash_name)
    size = begun.digest_size
    dklen = size if dklen is None else dklen
    if dklen < 1:
        raise ValueError("key length must be greater than 0.")
    salt = bytes(memoryview(salt))

    def authenticate(message):
        code = begun.copy()
        code.update(message)
        return code.digest()

    key = b""
    for number in range(1, -(-dklen // size) + 1):
        last = authenticate(salt + number.to_bytes(4))
        block = int.from_bytes(last)
        for _ in range(iterations - 1):
            last = authenticate(last)
            block ^= int.from_bytes(last)
        key += block.to_bytes(size)
    return key[:dklen]


def _fit_hashlib():
    pbkdf2_hmac.__module__ = "hashlib"
    hashlib.pbkdf2_hmac = pbkdf2_hmac
    hashlib.__all__ += ("pbkdf2_hmac",)


# ------------------------------------------------------------------------------------------------------------- decimals


def _fit_decimal():
    """The one in Python, as mpdecimal's speaks: what is raised holds conditions, and signals have an order."""
    original = _pydecimal.Context._raise_error

    def raise_error(self, condition, explanation=None, *args):
        return original(self, condition, [condition], *args)

    _pydecimal.Context._raise_error = raise_error
    names = "InvalidOperation FloatOperation DivisionByZero Overflow Underflow Subnormal Inexact Rounded Clamped".split()
    signals = _pydecimal._signals
    signals[:] = [getattr(_pydecimal, name) for name in names]
    for context in (_pydecimal.DefaultContext, _pydecimal.BasicContext, _pydecimal.ExtendedContext, decimal.getcontext()):
        context.traps = {signal: context.traps[signal] for signal in signals}
        context.flags = {signal: context.flags[signal] for signal in signals}
    for module in (_pydecimal, decimal):
        module.MAX_PREC = module.MAX_EMAX = 999999999999999999
        module.MIN_EMIN, module.MIN_ETINY = -module.MAX_EMAX, -module.MAX_EMAX - module.MAX_PREC + 1


# -------------------------------------------------------------------------------------------------------------- locales


def _fit_locale():
    """The C library takes any name for one of its own locale: a program would go on with numbers written in another way."""
    original = locale._setlocale
    known = {"", "C", "POSIX", "C.UTF-8", "C.utf8"}

    def setlocale(category, name=None):
        if isinstance(name, str) and not known.issuperset(name.split(";")):
            raise locale.Error("unsupported locale setting")
        return original(category, name)

    locale._setlocale = setlocale
    original(locale.LC_CTYPE, "")  # as every interpreter does when it starts


# ---------------------------------------------------------------------------------------------------------------- hosts


def _resolving(name):
    def resolve(*_, **__):
        raise _socket.gaierror(_socket.EAI_AGAIN, "Temporary failure in name resolution")

    resolve.__name__ = resolve.__qualname__ = name
    resolve.__module__ = "_socket"
    return resolve


def _fit_socket():
    """What looks names up fails as on a machine without a network, so that programs meet the error that they expect."""
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo"):
        resolve = _resolving(name)
        setattr(_socket, name, resolve)
        if not hasattr(socket, name):
            setattr(socket, name, resolve)
            socket.__all__.append(name)


_fit_hashlib()
_fit_decimal()
_fit_locale()
_fit_socket()
