# Programs of one subject; a line `#%% NAME` begins each, `#%% NAME (whole)` one that is not cut into runs of a session.
#%% gather
import asyncio
async def job(n, delay):
    await asyncio.sleep(delay)
    print("done", n)
    return n * 2
async def main():
    return await asyncio.gather(job(1, 0.02), job(2, 0.01), job(3, 0))
print(asyncio.run(main()))
#%% gather with errors
import asyncio
async def ok(): return "ok"
async def bad(): raise ValueError("bad")
async def main():
    print(await asyncio.gather(ok(), bad(), return_exceptions=True))
    await asyncio.gather(ok(), bad())
asyncio.run(main())
#%% cancelling
import asyncio
async def worker():
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        print("cancelled")
        raise
    finally:
        print("cleanup")
async def main():
    t = asyncio.create_task(worker(), name="w")
    await asyncio.sleep(0)
    t.cancel("enough")
    try:
        await t
    except asyncio.CancelledError as e:
        print("await raised", e.args, t.cancelled(), t.done(), t.get_name())
asyncio.run(main())
#%% timeouts
import asyncio
async def slow():
    await asyncio.sleep(5)
async def main():
    try:
        await asyncio.wait_for(slow(), 0.01)
    except asyncio.TimeoutError as e:
        print("timed out", type(e).__name__)
    try:
        async with asyncio.timeout(0.01):
            await slow()
    except TimeoutError:
        print("again")
    done, pending = await asyncio.wait([asyncio.create_task(slow()), asyncio.create_task(asyncio.sleep(0, "x"))], return_when=asyncio.FIRST_COMPLETED)
    print(len(done), len(pending), done.pop().result())
    for t in pending: t.cancel()
asyncio.run(main())
#%% queue and workers
import asyncio
async def worker(name, q, out):
    while True:
        item = await q.get()
        await asyncio.sleep(0)
        out.append((name, item))
        q.task_done()
async def main():
    q, out = asyncio.Queue(maxsize=3), []
    ws = [asyncio.create_task(worker(f"w{i}", q, out)) for i in range(2)]
    for i in range(6): await q.put(i)
    await q.join()
    for w in ws: w.cancel()
    print(sorted(i for _, i in out), q.empty(), await asyncio.gather(*ws, return_exceptions=True))
asyncio.run(main())
#%% task group
import asyncio
async def step(n):
    await asyncio.sleep(0.001 * n)
    if n == 2: raise RuntimeError(f"step {n}")
    print("step", n)
async def main():
    try:
        async with asyncio.TaskGroup() as g:
            for n in (1, 2, 30): g.create_task(step(n))
    except* RuntimeError as e:
        print("group", [str(x) for x in e.exceptions])
asyncio.run(main())
#%% async generators and contexts
import asyncio, contextlib
async def ticks(n):
    try:
        for i in range(n):
            yield i
            await asyncio.sleep(0)
    finally:
        print("ticks end")
@contextlib.asynccontextmanager
async def conn(name):
    print("open", name)
    try: yield name.upper()
    finally: print("close", name)
async def main():
    async with conn("db") as c:
        print(c, [i async for i in ticks(3)])
        async for i in ticks(5):
            if i == 1: break
    print(await anext(ticks(1)))
asyncio.run(main())
#%% locks and events
import asyncio
async def main():
    lock, event, log = asyncio.Lock(), asyncio.Event(), []
    async def user(n):
        async with lock:
            log.append(f"{n} in"); await asyncio.sleep(0); log.append(f"{n} out")
    async def waiter():
        await event.wait(); log.append("event")
    w = asyncio.create_task(waiter())
    await asyncio.gather(user(1), user(2))
    event.set(); await w
    sem = asyncio.Semaphore(2)
    async with sem: print(sem.locked())
    print(log)
asyncio.run(main())
#%% uncaught in asyncio
import asyncio
async def inner():
    await asyncio.sleep(0)
    raise LookupError("not there")
async def main():
    await inner()
asyncio.run(main())
#%% forgotten coroutine
import asyncio
async def f(): return 1
async def main():
    c = f()
    print(asyncio.iscoroutine(c), asyncio.iscoroutinefunction(f) if False else "fn")
    c.close()
    loop = asyncio.get_running_loop()
    fut = loop.create_future()
    loop.call_soon(fut.set_result, 5)
    loop.call_later(0.001, print, "later")
    print(await fut, fut.done())
    await asyncio.sleep(0.01)
    print(await asyncio.to_thread(sum, [1, 2]))
    print(await loop.run_in_executor(None, lambda: "ran"))
asyncio.run(main())
asyncio.get_running_loop()
#%% event loop by hand
import asyncio
loop = asyncio.new_event_loop()
async def hello(): return "hi"
print(loop.run_until_complete(hello()), loop.is_running(), loop.is_closed())
loop.call_soon(loop.stop)
loop.run_forever()
loop.close()
c = hello()
try:
    loop.run_until_complete(c)
except RuntimeError as e:
    print(e)
c.close()
#%% context variables
import asyncio, contextvars
user = contextvars.ContextVar("user", default="nobody")
async def handle(name):
    user.set(name)
    await asyncio.sleep(0)
    return user.get()
async def main():
    print(await asyncio.gather(handle("a"), handle("b")), user.get())
asyncio.run(main())
t = user.set("x"); print(user.get()); user.reset(t); print(user.get())
print(contextvars.copy_context().run(lambda: (user.set("in"), user.get())[1]), user.get())
#%% threads and a lock
import threading
total, lock = 0, threading.Lock()
def add(n):
    global total
    for _ in range(n):
        with lock: total += 1
ts = [threading.Thread(target=add, args=(100,), name=f"t{i}") for i in range(4)]
for t in ts: t.start()
for t in ts: t.join()
print(total, threading.active_count(), threading.current_thread().name, ts[0].is_alive(), ts[0].name, threading.main_thread() is threading.current_thread())
#%% thread pool
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
def work(n):
    if n == 3: raise ValueError(f"no {n}")
    return n * n
with ThreadPoolExecutor(max_workers=3) as ex:
    print(list(ex.map(lambda x: x + 1, range(5))))
    fs = {ex.submit(work, n): n for n in range(5)}
    for f in sorted(as_completed(fs), key=fs.get):
        print(fs[f], f.exception() or f.result(), f.done())
    f = ex.submit(pow, 2, 10)
    f.add_done_callback(lambda f: print("callback", f.result()))
    print(f.result(timeout=5))
with ThreadPoolExecutor() as ex:
    list(ex.map(work, [3]))
#%% producer and consumer
import threading, queue
q, results = queue.Queue(maxsize=2), []
def produce():
    for i in range(5): q.put(i)
    q.put(None)
def consume():
    while (item := q.get()) is not None:
        results.append(item * 10)
        q.task_done()
a, b = threading.Thread(target=produce), threading.Thread(target=consume)
a.start(); b.start(); a.join(); b.join()
print(results, q.qsize(), q.empty())
pq = queue.PriorityQueue()
for x in (3, 1, 2): pq.put(x)
print([pq.get() for _ in range(3)])
try:
    pq.get_nowait()
except queue.Empty as e:
    print(repr(e))
queue.LifoQueue().get(timeout=0.01)
#%% unhandled in a thread (whole)
import threading
def bad():
    raise ValueError("in thread")
t = threading.Thread(target=bad, name="Worker-1")
t.start(); t.join()
print("main goes on")
#%% thread excepthook
import threading
threading.excepthook = lambda a: print("hook", a.exc_type.__name__, a.exc_value, a.thread.name)
t = threading.Thread(target=lambda: 1 / 0, name="calc")
t.start(); t.join()
threading.excepthook = threading.__excepthook__
#%% events, timers, barriers, locals
import threading
e = threading.Event()
log = []
t = threading.Timer(0.01, lambda: (log.append("timer"), e.set()))
t.start()
print(e.wait(5), log, e.is_set())
b = threading.Barrier(2)
local = threading.local(); local.x = "main"
def meet():
    b.wait(); log.append(hasattr(local, "x"))
t = threading.Thread(target=meet); t.start(); b.wait(); t.join()
cond = threading.Condition()
with cond: print(cond.wait(0.001))
s = threading.BoundedSemaphore(1)
with s: print(s.acquire(blocking=False), log)
s.release()
#%% daemon and rlock
import threading, time
def forever():
    while True: time.sleep(0.05)
d = threading.Thread(target=forever, daemon=True); d.start()
r = threading.RLock()
with r:
    with r: print("twice", d.daemon, d.is_alive())
l = threading.Lock()
print(l.acquire(), l.acquire(timeout=0.01), l.locked()); l.release()
l.release()
#%% threads end after main (whole)
import threading, time
def late():
    time.sleep(0.02)
    print("late thread")
threading.Thread(target=late).start()
print("main ends")
#%% contextlib
import contextlib, io
@contextlib.contextmanager
def tag(name):
    print(f"<{name}>")
    try: yield name
    except ValueError as e: print("swallowed", e)
    finally: print(f"</{name}>")
with tag("a"), tag("b"):
    raise ValueError("v")
with contextlib.suppress(KeyError): {}["x"]
with contextlib.redirect_stdout(io.StringIO()) as out: print("captured")
print(out.getvalue().upper())
with contextlib.ExitStack() as stack:
    for n in "xy": stack.enter_context(tag(n))
    stack.callback(print, "callback")
@tag("deco")
def f(): print("body")
f()
with contextlib.closing(io.StringIO()) as c, contextlib.nullcontext(5) as n: print(n)
print(c.closed)
with tag("bad"): raise TypeError("through")
#%% top level await is a syntax error in a script (whole)
def f():
    await g()
#%% sleeping and measuring
import time
a = time.perf_counter(); time.sleep(0.01); b = time.perf_counter()
print(0.009 < b - a < 5, time.monotonic() <= time.monotonic(), time.time() > 1.6e9, isinstance(time.time_ns(), int), time.process_time() >= 0)
time.sleep(-1)
#%% sched and signals
import sched, time, signal
s = sched.scheduler(time.monotonic, time.sleep)
s.enter(0.002, 1, print, ("second",)); s.enter(0.001, 1, print, ("first",))
s.run()
def h(n, f): print("signal", signal.Signals(n).name)
signal.signal(signal.SIGUSR1, h)
signal.raise_signal(signal.SIGUSR1)
import os
os.kill(os.getpid(), signal.SIGUSR1)
print(signal.SIGINT, signal.SIGTERM.value, signal.getsignal(signal.SIGUSR1) is h, signal.SIGUSR1 in signal.valid_signals())
#%% process pool
from multiprocessing import Pool, Process, Queue
def square(x): return x * x
def put(q, n): q.put(n + 1)
if __name__ == "__main__":
    with Pool(2) as p:
        print(p.map(square, range(6)), p.apply(square, (9,)), p.starmap(pow, [(2, 3)]))
    q = Queue()
    ps = Process(target=put, args=(q, 41)); ps.start()
    print(q.get()); ps.join()
    print(ps.exitcode, ps.is_alive())
#%% rate limited crawl
import asyncio
async def fetch(n, sem, log):
    async with sem:
        log.append(("start", n))
        await asyncio.sleep(0.001)
        log.append(("end", n))
        if n == 3: raise ConnectionError(f"page {n}")
        return f"page {n}"
async def main():
    sem, log = asyncio.Semaphore(2), []
    results = await asyncio.gather(*(fetch(n, sem, log) for n in range(5)), return_exceptions=True)
    running = peak = 0
    for what, _ in log:
        running += 1 if what == "start" else -1
        peak = max(peak, running)
    print(results, peak)
asyncio.run(main())
#%% shielded and nested cancellation
import asyncio
async def important():
    await asyncio.sleep(0.2)
    print("important done")
    return 7
async def main():
    inner = asyncio.create_task(important())
    try:
        await asyncio.wait_for(asyncio.shield(inner), 0.01)
    except TimeoutError:
        print("gave up waiting")
    print(await inner)
    t = asyncio.create_task(asyncio.sleep(1))
    t.cancel()
    print(await asyncio.gather(t, return_exceptions=True), t.cancelled())
    await asyncio.wait_for(asyncio.sleep(1), timeout=0)
asyncio.run(main())
#%% futures and callbacks across threads
import threading, concurrent.futures as cf
f = cf.Future()
f.add_done_callback(lambda f: print("done with", f.result()))
t = threading.Thread(target=f.set_result, args=("value",)); t.start(); t.join()
print(f.result(), f.running(), f.cancel())
g = cf.Future(); print(g.cancel(), g.cancelled())
with cf.ThreadPoolExecutor(1) as ex:
    done, not_done = cf.wait([ex.submit(int, "1"), ex.submit(int, "x")])
    print(len(done), len(not_done), sorted(type(d.exception()).__name__ for d in done))
g.result()
#%% sys.exit in a thread
import threading, sys
t = threading.Thread(target=sys.exit, args=(3,))
t.start(); t.join()
print("still here", t.name, t.daemon, threading.enumerate() == [threading.main_thread()])
#%% a program that asyncio starts
import asyncio
async def main():
    p = await asyncio.create_subprocess_exec("true")
    return await p.wait()
print(asyncio.run(main()))
