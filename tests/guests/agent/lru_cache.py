from collections import OrderedDict


class LRUCache:
    """Fixed-size cache which evicts the least recently used key."""

    def __init__(self, capacity):
        self.capacity = capacity
        self.data = OrderedDict()
        self.hits = self.misses = 0
        self.evicted = []

    def get(self, key, default=None):
        if key not in self.data:
            self.misses += 1
            return default
        self.hits += 1
        self.data.move_to_end(key)
        return self.data[key]

    def put(self, key, value):
        self.data[key] = value
        self.data.move_to_end(key)
        if len(self.data) > self.capacity:
            self.evicted.append(self.data.popitem(last=False)[0])


cache = LRUCache(3)
for op in "put a 1,put b 2,put c 3,get a,put d 4,get b,put e 5,get a,get c,put a 9,put f 6,get d,get a".split(","):
    cmd, key, *val = op.split()
    result = cache.put(key, int(val[0])) if cmd == "put" else cache.get(key)
    print(f"{op:<8} -> {str(result):<5} order={''.join(cache.data)}")
print("hits", cache.hits, "misses", cache.misses, "evicted", cache.evicted)
total = cache.hits + cache.misses
print(f"hit rate {cache.hits / total:.1%}, items {dict(cache.data)}")
assert len(cache.data) == 3 and cache.get("zzz", "none") == "none"
