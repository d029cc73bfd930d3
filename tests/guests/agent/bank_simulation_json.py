import heapq
import json
import random
from dataclasses import asdict, dataclass, field

@dataclass
class Stats:
    served: int = 0
    waited: float = 0.0
    longest: float = 0.0
    queue_max: int = 0
    per_teller: dict = field(default_factory=dict)

def simulate(tellers, customers=500, seed=7):
    rng = random.Random(seed)
    free = [(0.0, t) for t in range(tellers)]
    heapq.heapify(free)
    now, stats, pending = 0.0, Stats(), []
    for _ in range(customers):
        now += rng.expovariate(1.0)
        service = rng.uniform(0.5, 3.0)
        at, teller = heapq.heappop(free)
        start = max(now, at)
        pending = [s for s in pending if s > now] + [start]
        wait = start - now
        stats.served += 1
        stats.waited += wait
        stats.longest = max(stats.longest, wait)
        stats.queue_max = max(stats.queue_max, sum(s > now for s in pending))
        stats.per_teller[teller] = stats.per_teller.get(teller, 0) + 1
        heapq.heappush(free, (start + service, teller))
    return stats

results = {n: simulate(n) for n in (1, 2, 3, 4)}
for n, s in results.items():
    print(f"{n} tellers: mean wait {s.waited / s.served:8.3f}  max {s.longest:8.3f}  queue {s.queue_max}")
print(json.dumps({k: round(v, 2) if isinstance(v, float) else v for k, v in asdict(results[3]).items()}, sort_keys=True))
print(all(results[n].waited > results[n + 1].waited for n in (1, 2, 3)), sum(results[4].per_teller.values()))
doc = json.loads(json.dumps({str(n): asdict(s) for n, s in results.items()}))
print(sorted(doc), doc["2"]["served"], list(doc["1"]["per_teller"]) == ["0"])
