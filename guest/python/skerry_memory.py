# SPDX-License-Identifier: Apache-2.0
"""Free memory: what a program has dropped is not to be kept with what it has made."""

import gc

# Free pieces below this are left as they are, and so are free objects of the interpreter's own pools: taking all of them
# writes more than it cleans.
_SMALLEST = 1 << 15


def zero_free_memory():
    """Overwrites what the allocator has free with zeros: a page of zeros is stored nowhere, and holds nothing of what was there.
    The host lets memory not grow meanwhile, so that everything large that can be allocated is what was free."""
    gc.collect()
    taken = []
    size = 1 << 30
    while size >= _SMALLEST:
        try:
            taken.append(bytearray(size))
        except MemoryError:
            size >>= 1
