# SPDX-License-Identifier: Apache-2.0
"""Threads, processes, signals and top-level await. Where nothing but the order of events is ours, native Python is the judge."""

import subprocess
import sys
import textwrap

import pytest

# Each prints the same natively: programs whose output does not depend on who is faster.
SAME = {
    "threads wait for each other": """
        import queue, threading, time
        def sleeper(n):
            time.sleep(0.15 * n)
            print("woke", n, threading.current_thread().name)
        begun = time.monotonic()
        threads = [threading.Thread(target=sleeper, args=(n,)) for n in (3, 1, 2)]
        for t in threads: t.start()
        print(threading.active_count(), [t.is_alive() for t in threads])
        for t in threads: t.join()
        print(0.4 < time.monotonic() - begun < 0.85, [t.is_alive() for t in threads])

        q = queue.Queue(2)
        got = []
        def produce():
            for i in range(20): q.put(i)
            q.put(None)
        def consume():
            while (x := q.get()) is not None: got.append(x)
        pair = [threading.Thread(target=consume), threading.Thread(target=produce)]
        for t in pair: t.start()
        for t in pair: t.join()
        print(got)

        jobs, results = queue.Queue(), []
        def worker():
            while True:
                n = jobs.get()
                results.append(n * n)
                jobs.task_done()
        for _ in range(3): threading.Thread(target=worker, daemon=True).start()
        for round in range(2):
            for n in range(10): jobs.put(n)
            jobs.join()
            print(sorted(results))

        class Players:
            def __init__(self):
                self.turn, self.log, self.changed = "ping", [], threading.Condition()
            def play(self, me, other):
                for _ in range(3):
                    with self.changed:
                        self.changed.wait_for(lambda: self.turn == me)
                        self.log.append(me)
                        self.turn = other
                        self.changed.notify_all()
        players = Players()
        pair = [threading.Thread(target=players.play, args=names) for names in (("ping", "pong"), ("pong", "ping"))]
        for t in pair: t.start()
        for t in pair: t.join()
        print(players.log)

        stop, beats = threading.Event(), []
        def beat():
            while not stop.is_set():
                beats.append(1)
                time.sleep(0.05)
            print("stopped")
        t = threading.Thread(target=beat, daemon=True)
        t.start(); time.sleep(0.3); stop.set(); t.join()
        print(3 <= len(beats) <= 8)

        barrier, phases = threading.Barrier(3), []
        def phase():
            for n in range(3):
                phases.append(n)
                barrier.wait()
        threads = [threading.Thread(target=phase) for _ in range(3)]
        for t in threads: t.start()
        for t in threads: t.join()
        print(phases)

        gate, inside, most = threading.Semaphore(2), 0, 0
        def enter():
            global inside, most
            with gate:
                inside += 1; most = max(most, inside)
                time.sleep(0.01)
                inside -= 1
        threads = [threading.Thread(target=enter) for _ in range(6)]
        for t in threads: t.start()
        for t in threads: t.join()
        print(most)

        lock, total = threading.Lock(), 0
        def add():
            global total
            for _ in range(2000):
                with lock: total += 1
        threads = [threading.Thread(target=add) for _ in range(5)]
        for t in threads: t.start()
        for t in threads: t.join()
        print(total, lock.locked())

        relock = threading.RLock()
        def reenter():
            with relock:
                with relock: print("inside")
        with relock:
            t = threading.Thread(target=reenter); t.start(); t.join(0.05)
            print(t.is_alive(), relock.acquire(timeout=0.01))
            relock.release()
        t.join()
        event = threading.Event()
        print(event.wait(0.01), lock.acquire() and lock.acquire(timeout=0.01), lock.acquire(False))
        try: q.get(timeout=0.01)
        except queue.Empty: print("empty")
        done = False
        def set_done():
            global done
            time.sleep(0.02)
            done = True
        t = threading.Thread(target=set_done); t.start()
        while t.is_alive(): pass
        t = threading.Thread(target=set_done); done = False; t.start()
        while not done: time.sleep(0.005)
        threading.Timer(0.05, print, ["timer"]).start()
        threading.Thread(target=lambda: (time.sleep(9), print("never")), daemon=True).start()
        print("end of the program")
    """,
    "what is a thread's own": """
        import contextvars, decimal, gc, logging, sys, threading, time
        local, results = threading.local(), []
        local.x = 1
        class Weak: pass
        def depth(n):
            if n == 0:
                time.sleep(0.001)
                return 0
            return 1 + depth(n - 1)
        def work(n):
            local.x = n
            kept, cycle = [Weak() for _ in range(10)], []
            cycle.append(cycle)
            try:
                try:
                    1 / 0
                except ZeroDivisionError:
                    time.sleep(0.005)
                    gc.collect()
                    deep = depth(n * 100)
                    assert sys.exc_info()[0] is ZeroDivisionError
                    raise
            except ZeroDivisionError as error:
                results.append((n, local.x, deep, str(error), len({type(k) for k in kept}), len(kept)))
            assert sys.exc_info()[0] is None
        threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 8)]
        for t in threads: t.start()
        for t in threads: t.join()
        print(sorted(results), local.x, sys.exc_info())
        def endless(n): return endless(n + 1)
        def overflow():
            try: endless(0)
            except RecursionError: print("too deep")
        for _ in range(2):
            t = threading.Thread(target=overflow); t.start(); t.join()
        overflow()
        variable = contextvars.ContextVar("variable", default=0)
        variable.set(7)
        def context():
            print(variable.get())
            variable.set(3); decimal.getcontext().prec = 5
            time.sleep(0.02)
            print(variable.get(), decimal.getcontext().prec)
        t = threading.Thread(target=context); t.start()
        time.sleep(0.005)
        print(variable.get(), decimal.getcontext().prec)
        t.join()
        print(variable.get(), decimal.getcontext().prec)
        def numbers(n):
            for i in range(n):
                time.sleep(0.001)
                yield i
        sums = []
        def generate():
            sums.append(sum(i for i in numbers(10)))
            for i in numbers(5): sums.append(i)
            sums.append(sorted([3, 1, 2], key=lambda x: (time.sleep(0.001), x)[1]))
        threads = [threading.Thread(target=generate) for _ in range(4)]
        for t in threads: t.start()
        for t in threads: t.join()
        print(sorted(map(str, sums)))
        logging.basicConfig(format="%(threadName)s %(message)s", stream=sys.stdout)
        t = threading.Thread(target=lambda: logging.warning("hello"), name="Named"); t.start(); t.join()
        idents = {threading.get_ident()}
        threads = [threading.Thread(target=lambda: (idents.add(threading.get_ident()), time.sleep(0.01))) for _ in range(3)]
        for t in threads: t.start()
        for t in threads: t.join()
        print(len(idents), threading.main_thread() is threading.current_thread())
        threading.excepthook = lambda args: print("hook", args.exc_type.__name__, args.thread.name)
        t = threading.Thread(target=lambda: 1 / 0, name="Bad"); t.start(); t.join()
        t = threading.Thread(target=sys.exit, args=(3,)); t.start(); t.join()
        try: t.start()
        except RuntimeError as error: print(error)
    """,
    "locks, pipelines and pools in pools": """
        import threading, queue, time, sys, functools, random
        from contextlib import contextmanager
        @contextmanager
        def held(l):
            l.acquire()
            try: yield
            finally: l.release()
        l=threading.Lock(); log=[]
        def deco(f):
            @functools.wraps(f)
            def w(*a,**k): return f(*a,**k)
            return w
        @deco
        def user(n):
            with held(l):
                log.append(("in",n)); time.sleep(0.01); log.append(("out",n))
        ts=[threading.Thread(target=functools.partial(user,i)) for i in range(4)]
        [t.start() for t in ts]; [t.join() for t in ts]; print(log)
        class Acct:
            def __init__(s): s.b=100; s.l=threading.RLock()
            def xfer(s,o,n):
                with s.l:
                    with o.l: s.b-=n; o.b+=n
        a,b=Acct(),Acct()
        ts=[threading.Thread(target=a.xfer,args=(b,1)) for _ in range(10)]+[threading.Thread(target=b.xfer,args=(a,2)) for _ in range(10)]
        [t.start() for t in ts]; [t.join() for t in ts]; print(a.b,b.b)
        forks=[threading.Lock() for _ in range(5)]; meals=[0]*5
        def ph(i):
            x,y=sorted((i,(i+1)%5))
            for _ in range(20):
                with forks[x]:
                    with forks[y]: meals[i]+=1; time.sleep(0.0001)
        ts=[threading.Thread(target=ph,args=(i,)) for i in range(5)]; [t.start() for t in ts]; [t.join() for t in ts]; print(meals)
        pq=queue.PriorityQueue()
        def w():
            while True:
                p,x=pq.get()
                if x is None: break
                print("job",p,x); pq.task_done()
        for p in (3,1,2): pq.put((p,"j%d"%p))
        pq.put((9,None)); t=threading.Thread(target=w); t.start(); t.join()
        from concurrent.futures import ThreadPoolExecutor
        def outer(n):
            with ThreadPoolExecutor(2) as ex: return sum(ex.map(lambda x:x*n, range(5)))
        with ThreadPoolExecutor(3) as ex: print(list(ex.map(outer, range(4))))
        def stage(inq,outq,f):
            for x in iter(inq.get,None): outq.put(f(x))
            outq.put(None)
        qs=[queue.Queue(1) for _ in range(4)]
        ts=[threading.Thread(target=stage,args=(qs[i],qs[i+1],lambda x,i=i:x*10+i)) for i in range(3)]
        [t.start() for t in ts]
        def feed():
            for i in range(5): qs[0].put(i)
            qs[0].put(None)
        threading.Thread(target=feed).start()
        print(list(iter(qs[3].get,None)))
        import asyncio
        async def prod(q):
            for i in range(3): await q.put(i); await asyncio.sleep(0)
            await q.put(None)
        async def main():
            q=asyncio.Queue(1); t=asyncio.create_task(prod(q)); r=[]
            while (x:=await q.get()) is not None: r.append(x)
            loop=asyncio.get_running_loop()
            th=threading.Thread(target=lambda: loop.call_soon_threadsafe(ev.set)); 
            ev=asyncio.Event(); th.start(); await ev.wait(); return r
        print(asyncio.run(main()))
        class T(threading.Thread):
            def __init__(self,n): super().__init__(name=f"w{n}",daemon=True); self.n=n; self.res=None
            def run(self): time.sleep(random.random()*0.01); self.res=self.n**2
        ts=[T(i) for i in range(20)]; [t.start() for t in ts]; [t.join() for t in ts]; print([t.res for t in ts])
        def frame(n):
            time.sleep(0.001); return n
        with ThreadPoolExecutor(4) as ex: print(list(ex.map(frame,[10,100,1000])))
        b=threading.Barrier(2)
        def bb():
            try: b.wait(timeout=0.02)
            except threading.BrokenBarrierError: print("broken")
        t=threading.Thread(target=bb); t.start(); t.join()
        t=threading.Timer(10,print); t.start(); t.cancel(); t.join(); print("cancelled")
        s=threading.BoundedSemaphore(1); s.acquire(); s.release()
        try: s.release()
        except ValueError as e: print(e)
        with open("/tmp/x.txt","w") as f:
            ts=[threading.Thread(target=lambda i=i: f.write(f"{i}\\n")) for i in range(3)]; [t.start() for t in ts]; [t.join() for t in ts]
        print(open("/tmp/x.txt").read().split())
        import sched
        sc=sched.scheduler(time.time,time.sleep); sc.enter(0.02,1,print,("second",)); sc.enter(0.01,1,print,("first",)); sc.run()
        for i in range(300):
            t=threading.Thread(target=lambda: time.sleep(0)); t.start(); t.join()
        print(threading.active_count())
    """,
    "executors and event loops": """
        import asyncio, threading, time
        from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, TimeoutError, as_completed, wait
        def square(x):
            time.sleep(0.02 * (5 - x))
            return x * x
        class Late:
            def value(self, n):
                time.sleep(n)
                return n
        with ThreadPoolExecutor(5, thread_name_prefix="pool") as pool:
            print(list(pool.map(square, range(5))))
            print([f.result() for f in as_completed([pool.submit(square, i) for i in range(5)])])
            failed = pool.submit(lambda: 1 / 0)
            try: failed.result()
            except ZeroDivisionError as error: print(error, failed.exception())
            slow, quick = pool.submit(Late().value, 0.2), pool.submit(Late().value, 0.01)
            done, rest = wait([slow, quick], return_when=FIRST_COMPLETED)
            print(done == {quick}, rest == {slow})
            try: slow.result(timeout=0.01)
            except TimeoutError: print("timed out")
            print(pool.submit(lambda: threading.current_thread().name.startswith("pool")).result())
        try: pool.submit(square, 1)
        except RuntimeError as error: print(error)
        async def main():
            loop = asyncio.get_running_loop()
            print(await asyncio.to_thread(square, 3), await loop.run_in_executor(None, square, 4))
            ticks = []
            async def tick():
                for n in range(3):
                    ticks.append(n)
                    await asyncio.sleep(0.01)
            print(await asyncio.gather(tick(), *(asyncio.to_thread(square, i) for i in range(4))), ticks)
            def back():
                return asyncio.run_coroutine_threadsafe(asyncio.sleep(0.01, "from the loop"), loop).result()
            print(await asyncio.to_thread(back))
            def another():
                return asyncio.run(asyncio.sleep(0.01, "a loop of its own"))
            print(await asyncio.to_thread(another))
            try: await asyncio.to_thread(lambda: 1 / 0)
            except ZeroDivisionError as error: print(error)
        asyncio.run(main())
        print(asyncio.run(asyncio.sleep(0, "again")))
        loop = asyncio.new_event_loop()
        t = threading.Thread(target=loop.run_forever); t.start()
        print(asyncio.run_coroutine_threadsafe(asyncio.sleep(0.01, 5), loop).result())
        loop.call_soon_threadsafe(loop.stop); t.join(); loop.close()
    """,
    "processes": """
        import multiprocessing as mp, os, sys, time
        from concurrent.futures import ProcessPoolExecutor
        counter, items = 0, []
        def work(n, out):
            global counter
            counter += n; items.append(n); out.append(n)
            print("child", counter, items, out, mp.current_process().name, os.getpid() != pid)
        def square(x): return x * x
        def bad(x): raise ValueError(f"bad {x}")
        def begin(v):
            global base
            base = v
        def add_base(x): return base + x
        def produce(q):
            for i in range(4):
                q.put({"i": i}); time.sleep(0.01)
            q.put(None)
        def echo(end):
            while (message := end.recv()) is not None: end.send(message * 2)
            end.close()
        def add(v, a, lock, d, l):
            for _ in range(50):
                with lock: v.value += 1
            a[0] = 5; d["x"] = v.value; l.append(os.getpid() != pid)
        def forever():
            while True: time.sleep(0.1)
        def leave(how): sys.exit(how)
        def jobs(q):
            while True: print("job", q.get()); q.task_done()
        class Mine(mp.Process):
            def __init__(self, n): super().__init__(); self.n = n
            def run(self): self.n += 1; print("mine", self.n)
        if __name__ == "__main__":
            pid, out = os.getpid(), []
            p = mp.Process(target=work, args=(3, out)); print(p.is_alive(), p.exitcode)
            p.start(); p.join(); print(counter, items, out, p.exitcode, p.is_alive())
            q = mp.Queue(); p = mp.Process(target=produce, args=(q,)); p.start()
            while (x := q.get()) is not None: print(x)
            p.join()
            ours, theirs = mp.Pipe(); p = mp.Process(target=echo, args=(theirs,)); p.start(); theirs.close()
            ours.send([1]); print(ours.recv(), ours.poll(0.01)); ours.send(None)
            try: ours.recv()
            except EOFError: print("end of file")
            p.join()
            for target, args in ((leave, (3,)), (leave, (None,)), (bad, (1,))):
                p = mp.Process(target=target, args=args); p.start(); p.join(); print(p.exitcode)
            v, a, lock = mp.Value("i", 0), mp.Array("i", 3), mp.Lock()
            with mp.Manager() as manager:
                d, l = manager.dict(), manager.list([1])
                ps = [mp.Process(target=add, args=(v, a, lock, d, l)) for _ in range(3)]
                for p in ps: p.start()
                for p in ps: p.join()
                print(v.value, a[:], d, sorted(d.keys()), l)
            p = Mine(1); p.start(); p.join(); print(p.n)
            p = mp.Process(target=forever); p.start(); time.sleep(0.05); p.terminate(); p.join(); print(p.exitcode)
            with mp.Pool(3) as pool:
                print(pool.map(square, range(10)), pool.starmap(pow, [(2, 3), (3, 2)]), pool.apply(square, (4,)))
                r = pool.apply_async(square, (7,)); print(r.get(timeout=2), r.ready(), r.successful())
                print(list(pool.imap(square, range(5))), sorted(pool.imap_unordered(square, range(5))))
                try: pool.map(bad, [1])
                except ValueError as e: print("caught", e)
                try: pool.map(lambda x: x, [1])
                except Exception as e: print(type(e).__name__)
            with mp.Pool(2, begin, (10,)) as pool: print(pool.map(add_base, [1, 2, 3]))
            print("base" in globals())
            with ProcessPoolExecutor(2) as pool:
                print(list(pool.map(square, range(5), chunksize=2)))
                try: pool.submit(bad, 3).result()
                except ValueError as e: print("caught", e, type(e.__cause__).__name__)
                try: pool.submit(lambda: 1).result()
                except Exception as e: print(type(e).__name__)
            with ProcessPoolExecutor(2, initializer=begin, initargs=(5,)) as pool: print(list(pool.map(add_base, [1, 2])))
            from multiprocessing.dummy import Pool as Dummy
            from multiprocessing.pool import ThreadPool
            with ThreadPool(4) as pool: print(pool.map(square, range(4)))
            with Dummy(2) as pool: print(pool.map(lambda x: x + 1, range(4)))
            q = mp.JoinableQueue(); p = mp.Process(target=jobs, args=(q,), daemon=True); p.start()
            q.put(1); q.put(2); q.join(); print("joined", mp.current_process().name)
    """,
    "signals": """
        import asyncio, os, signal, threading, time
        class Late(Exception): pass
        def late(number, frame): raise Late(signal.Signals(number).name)
        signal.signal(signal.SIGALRM, late)
        print(signal.alarm(1), signal.alarm(0))
        def spin():
            n = 0
            while True: n += 1
        def fibonacci(n): return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
        for action in (spin, lambda: time.sleep(9), lambda: fibonacci(50), threading.Event().wait):
            begun = time.monotonic()
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            try: action()
            except Late as e: print(e, time.monotonic() - begun < 3)
        hits = []
        signal.signal(signal.SIGALRM, lambda number, frame: hits.append(number))
        signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
        time.sleep(0.3); signal.setitimer(signal.ITIMER_REAL, 0)
        print(len(hits) > 3, hits[0], signal.getitimer(signal.ITIMER_REAL))
        signal.signal(signal.SIGUSR1, lambda number, frame: print("usr1", frame.f_code.co_name))
        def send(): os.kill(os.getpid(), signal.SIGUSR1); signal.raise_signal(signal.SIGUSR1)
        send()
        try: os.kill(999999, 0)
        except ProcessLookupError as e: print(e.strerror)
        async def main():
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGUSR1, print, "in the loop")
            os.kill(os.getpid(), signal.SIGUSR1)
            await asyncio.sleep(0.01)
            print(loop.remove_signal_handler(signal.SIGUSR1))
        asyncio.run(main())
        try: os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt: print("interrupted")
        signal.signal(signal.SIGALRM, late); signal.alarm(1)
        try: signal.pause()
        except Late: print("paused")
    """,
}


@pytest.mark.parametrize("program", SAME)
def test_a_program_prints_what_it_prints_natively(run_code, program):
    code = textwrap.dedent(SAME[program])
    native = subprocess.run([sys.executable, "-u", "-c", code], capture_output=True, text=True, timeout=60)
    assert native.returncode == 0, native.stderr
    assert run_code(code).ok().out == native.stdout


def test_an_exception_in_a_thread_is_shown_and_ends_it_alone(run_code):
    done = run_code("import threading\ndef f(): 1 / 0\nt = threading.Thread(target=f); t.start(); t.join(); print('goes on')").ok()
    assert done.out == "goes on\n"
    assert done.err.startswith("Exception in thread Thread-1 (f):\nTraceback (most recent call last):\n")
    assert done.err.endswith("    def f(): 1 / 0\n             ~~^~~\nZeroDivisionError: division by zero\n")
    assert "<skerry>" not in done.err


@pytest.mark.parametrize("code, told", [
    ("import threading\nl = threading.Lock(); l.acquire(); l.acquire()", "this wait of the main thread cannot end"),
    ("import queue\nqueue.Queue().get()", "this wait of the main thread cannot end"),
    ("import asyncio\nasyncio.run(asyncio.Event().wait())", "this wait of the main thread cannot end"),
    ("import threading, queue\nq = queue.Queue()\ndef f():\n    q.get()\nt = threading.Thread(target=f)\nt.start(); t.join()",
     "Thread-1 (f) waits in Queue.get at line 4 of <string>"),
    ("import threading, queue\nq = queue.Queue()\nthreading.Thread(target=q.get).start()", "Thread-1 (get) waits in "),
    # One that waits in a call from C, for what only one below it on C's stack can do.
    ("import threading, queue\nq, r = queue.Queue(), queue.Queue()\n"
     "def f():\n    list(map(lambda x: (r.put(x), q.get()), [1, 2]))\n"
     "def g():\n    list(map(lambda x: (q.put(x), r.get()), [1, 2, 3, 4]))\n"
     "a, b = threading.Thread(target=f), threading.Thread(target=g)\na.start(); b.start(); a.join(); b.join()", "deadlock: "),
])
def test_a_wait_that_cannot_end_is_an_error_at_once(run_code, code, told):
    done = run_code(code, "--timeout", "10")
    assert done.seconds < 8 and "deadline" not in done.err
    assert "RuntimeError: deadlock: " in done.err and told in done.err


def test_the_same_seed_gives_the_same_order(run_code):
    code = (
        "import random, threading, time\nlog = []\ndef f(n):\n    for i in range(5):\n        log.append(n); time.sleep(0)\n"
        "ts = [threading.Thread(target=f, args=(n,)) for n in random.sample(range(9), 9)]\n"
        "for t in ts: t.start()\nfor t in ts: t.join()\nprint(log)"
    )
    assert len({run_code(code, "--seed", "7").ok().out for _ in range(3)}) == 1


@pytest.fixture
def run_cells(skerry):
    """run_cells(*CODES): the output of each in a session of their own."""

    def run(*cells):
        name = "threads"
        outputs = []
        for cell in cells:
            outputs.append(skerry("run", "--session", name, "-c", cell))
        skerry("session", "clear", name)
        return outputs

    return run


def test_threads_go_on_in_later_runs_of_a_session(run_cells):
    done = run_cells(
        "import threading, time, queue\nq, out = queue.Queue(), []\n"
        "def f():\n    for i in iter(q.get, None):\n        out.append(i)\n    out.append('end')\n"
        "t = threading.Thread(target=f); t.start(); q.put(1); time.sleep(0.01); print(out)",
        "q.put(2); time.sleep(0.01); print(out, t.is_alive())",
        "q.put(None); t.join(); print(out, t.is_alive())",
    )
    assert [each.ok().out for each in done] == ["[1]\n", "[1, 2] True\n", "[1, 2, 'end'] False\n"]


AWAITING = (
    "import asyncio\nasync def f(n):\n    await asyncio.sleep(0.01)\n    return n * 2\n"
    "print(await f(1), [await f(i) for i in range(2)])\nasync with asyncio.timeout(1):\n    print('inside')\n"
    "task = asyncio.create_task(f(4))\n"
)


def test_await_outside_a_function(run_code, run_json, run_cells):
    assert run_code(AWAITING + "print(await task, await asyncio.to_thread(sum, [1, 2]))").ok().out == "2 [0, 2]\ninside\n8 3\n"
    assert run_json(AWAITING + "await task")["result"] == "8"
    error = run_json("import asyncio\nawait asyncio.sleep(0)\nawait asyncio.sleep(undefined)")
    assert error["exception"]["type"] == "NameError" and error["exception"]["frames"][0]["line"] == 3
    assert run_json("def f():\n    await g()")["exception"]["message"] == "'await' outside async function"
    inside = run_code("import asyncio\nawait asyncio.sleep(0)\nasyncio.run(asyncio.sleep(0))")
    assert "RuntimeError: asyncio.run() cannot be called from a running event loop" in inside.err
    done = run_cells(AWAITING, "print(task.done(), await task)", "print(asyncio.run(f(5)))", "print(await f(6))")
    assert [each.ok().out for each in done][1:] == ["False 8\n", "10\n", "12\n"]


def test_an_alarm_without_a_handler_ends_the_program(run_json):
    report = run_json("import signal\nprint('begins', flush=True)\nsignal.setitimer(signal.ITIMER_REAL, 0.05)\nwhile True: pass")
    assert (report.code, report["stdout"]) == (142, "begins\n")


def test_an_alarm_ends_with_its_run(run_cells):
    first, second = run_cells("import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.05)", "import time\ntime.sleep(0.1)\nprint('slept')")
    assert second.ok().out == "slept\n"
