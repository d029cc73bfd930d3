# SPDX-License-Identifier: Apache-2.0
"""What is told to the host when a template is captured."""

import gc
import operator
import random
import struct
import sys
import types
import weakref

import _host

# Generators that were seeded while a template was added to, and whether with nothing, so that the system's entropy was taken.
_seeded = weakref.WeakKeyDictionary()


def tell_random_states():
    """Tells the host where importing has left random states: it writes fresh bytes there before each fresh run, so that no
    two draw the same numbers. For each: a name, the address of the object that holds the state, its Mersenne Twister key."""
    twisters = {"random": random._inst}
    for name, module, attribute in (("sympy", "sympy.core.random", "rng"), ("faker", "faker.generator", "random")):
        if module in sys.modules:
            twisters[name] = getattr(sys.modules[module], attribute)
    for name, twister in twisters.items():
        _tell_twister(name, twister)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        state = numpy.random.mtrand._rand
        _tell_state("numpy", id(state._bit_generator), state.get_state()[1].astype("<u4").tobytes())


def watch_seeds():
    """From here on generators are noted that packages and programs make."""
    seed = random.Random.seed

    def watched(self, a=None, version=2):
        _seeded[self] = a is None
        return seed(self, a, version)

    random.Random.seed = watched
    return seed


def tell_new_random_states(seed):
    """Of what was noted: those that took entropy of the system get fresh bytes before each run, as on a machine where each run
    imports them anew; those with a seed of their own stay as they are. Returns the names of numpy's that took entropy, too: their
    states are of several kinds, which the host does not know."""
    random.Random.seed = seed
    for number, (twister, is_fresh) in enumerate(list(_seeded.items())):
        if is_fresh and twister is not random._inst and type(twister).random is random.Random.random:
            _tell_twister(f"added {number}", twister)
    _seeded.clear()
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return []
    kinds = numpy.random.Generator, numpy.random.RandomState
    known = numpy.random.mtrand._rand
    return [
        f"{module.__name__}.{name}"
        for module in list(sys.modules.values()) if type(module) is types.ModuleType
        for name, value in list(vars(module).items())
        if issubclass(type(value), kinds) and value is not known and _took_entropy(value)
    ]


def _took_entropy(generator):
    """Seeds that people choose are small; the system's entropy has 128 bits."""
    entropy = getattr(getattr(generator._bit_generator, "seed_seq", None), "entropy", None)
    return isinstance(entropy, int) and entropy.bit_length() > 64


def _tell_twister(name, twister):
    _tell_state(name, id(twister), struct.pack("<624I", *twister.getstate()[1][:624]))


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
