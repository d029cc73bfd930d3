# SPDX-License-Identifier: Apache-2.0
"""What is told to the host when a template is captured."""

import gc
import operator
import sys
import types

import _host


def tell_random_states():
    """Tells the host where importing has left random states: it writes fresh bytes there before each fresh run, so that no
    two draw the same numbers. For each: a name, the address of the object that holds the state, its Mersenne Twister key."""
    import random
    import struct

    twisters = {"random": random._inst}
    for name, module, attribute in (("sympy", "sympy.core.random", "rng"), ("faker", "faker.generator", "random")):
        if module in sys.modules:
            twisters[name] = getattr(sys.modules[module], attribute)
    for name, twister in twisters.items():
        _tell_state(name, id(twister), struct.pack("<624I", *twister.getstate()[1][:624]))
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        state = numpy.random.mtrand._rand
        _tell_state("numpy", id(state._bit_generator), state.get_state()[1].astype("<u4").tobytes())


def _tell_state(name, address, key):
    _host.call(b"r" + name.encode() + b"\0" + str(address).encode() + b"\0" + key)


_PARTS_OF_CODE = operator.attrgetter(
    "co_consts", "co_names", "co_varnames", "co_filename", "co_name", "co_qualname", "co_linetable", "co_exceptiontable"
)


def immortalise():
    """Tells the host every object there is, and it makes them immortal: their reference counts are never written again.

    Otherwise a run that only looks at a module dirties the pages of all it looked at, and each must be copied back. What
    is in a template lives as long as the template anyway.
    """
    from array import array

    objects = gc.get_objects()
    for at in range(0, len(objects), 1000):
        level = objects[at:at + 1000]
        addresses = array("I", map(id, level))
        # Collected containers are all in `objects`. What hangs on them is not: strings, numbers, code, tuples of these.
        while level := [o for o in gc.get_referents(*level) if not gc.is_tracked(o)]:
            addresses.extend(map(id, level))
            for code in [o for o in level if type(o) is types.CodeType]:  # the collector does not look into code
                parts = _PARTS_OF_CODE(code)
                level += parts
                addresses.extend(map(id, parts))
        _host.call(b"i" + addresses.tobytes())
