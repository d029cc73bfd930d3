import queue
import sched

q = queue.Queue(maxsize=2)
q.put("a"); q.put_nowait("b")
print(q.full(), q.qsize())
try:
    q.put("c", block=False)
except queue.Full as e:
    print(type(e).__name__)
print(q.get(), q.get(), q.empty())
try:
    q.get(timeout=0.01)
except queue.Empty as e:
    print(type(e).__name__)
l = queue.LifoQueue(); [l.put(i) for i in range(3)]
print([l.get() for _ in range(3)])
p = queue.PriorityQueue()
for item in ((3, "low"), (1, "high"), (2, "mid")):
    p.put(item)
print([p.get()[1] for _ in range(3)])
s = queue.SimpleQueue(); s.put(9); print(s.get(), s.empty())
now = [0]
log = []


def sleep(dt):
    now[0] += dt


sch = sched.scheduler(lambda: now[0], sleep)
sch.enter(30, 1, lambda: log.append(("late", now[0])))
sch.enter(10, 2, log.append, argument=(("ten-b", 10),))
sch.enter(10, 1, log.append, argument=(("ten-a", 10),))
gone = sch.enterabs(20, 1, log.append, argument=("never",))
sch.cancel(gone)
print(len(sch.queue), sch.empty())
sch.run()
print(log, now[0], sch.empty())
