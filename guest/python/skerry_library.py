# SPDX-License-Identifier: Apache-2.0
"""Where this interpreter's standard library would say something else than a desktop's, or nothing at all: it is built without OpenSSL,
mpdecimal and locales."""

import _pydecimal
import decimal
import hashlib
import hmac
import locale

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


_fit_hashlib()
_fit_decimal()
_fit_locale()
