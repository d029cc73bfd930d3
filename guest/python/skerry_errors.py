# SPDX-License-Identifier: Apache-2.0
"""Numbers of errors are Linux's, which programs and what they print know. The C library has WASI's: patch/errors.wat translates where
CPython makes an exception of one, and where a number's text is looked up."""

import errno

# From 1 on, as Linux's headers have them; a dash is a number that is not used.
_NAMES = """
EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST EXDEV ENODEV ENOTDIR
EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EDEADLOCK ENAMETOOLONG ENOLCK ENOSYS
ENOTEMPTY ELOOP - ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT -
EBFONT ENOSTR ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ
EBADFD EREMCHG ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE
ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT ENOTSUP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET
ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY
EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED
EKEYREJECTED EOWNERDEAD ENOTRECOVERABLE ERFKILL EHWPOISON
"""
_OTHER_NAMES = {"EWOULDBLOCK": "EAGAIN", "EOPNOTSUPP": "ENOTSUP", "EDEADLK": "EDEADLOCK", "ENOTCAPABLE": "EPERM"}


def _fit_numbers():
    """Gives `errno` Linux's numbers, and returns which of them each of WASI's is."""
    numbers = {name: number for number, name in enumerate(_NAMES.split(), 1) if name != "-"}
    codes = {number: name for name, number in numbers.items()}
    numbers |= {other: numbers[name] for other, name in _OTHER_NAMES.items()}
    linux = {number: numbers[name] for number, name in errno.errorcode.items() if name in numbers}
    names = vars(errno)
    for name in [name for name in names if name.startswith("E")]:
        del names[name]
    names.update(numbers)
    del errno.ENOTCAPABLE
    errno.errorcode.clear()
    errno.errorcode.update(codes)
    return linux


_LINUX = _fit_numbers()


def of_wasi(number):
    return _LINUX[number]
