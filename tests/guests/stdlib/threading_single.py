import concurrent.futures
import contextlib
import os
import threading

lock = threading.Lock()
with lock:
    print(lock.locked(), lock.acquire(blocking=False))
r = threading.RLock()
with r, r:
    print("reentrant")
local = threading.local()
local.x = 5
print(local.x, hasattr(local, "y"), threading.current_thread() is threading.main_thread(), threading.active_count())
ev = threading.Event()
print(ev.is_set(), ev.wait(0.01)); ev.set(); print(ev.wait(1))
sem = threading.BoundedSemaphore(2)
print(sem.acquire(), sem.acquire(), sem.acquire(blocking=False)); sem.release(); sem.release()
with contextlib.suppress(ValueError):
    sem.release()
    print("not reached")
f = concurrent.futures.Future()
f.add_done_callback(lambda fut: print("callback", fut.result()))
print(f.done()); f.set_result(42); print(f.result(timeout=0), f.done())
g = concurrent.futures.Future(); g.set_exception(KeyError("k"))
try:
    g.result()
except KeyError as e:
    print("future raised", e)
cond = threading.Condition()
with cond:
    print(cond.wait_for(lambda: False, timeout=0.01), cond.notify_all())
print(os.getpid() >= 0, isinstance(threading.get_ident(), int))
