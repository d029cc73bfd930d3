import asyncio
async def worker(name, q, out):
    while True:
        item = await q.get()
        out.append(item * 10)
        await asyncio.sleep(0)
        q.task_done()
async def main():
    q, out = asyncio.Queue(maxsize=2), []
    tasks = [asyncio.create_task(worker(n, q, out), name=n) for n in "ab"]
    for i in range(6): await q.put(i)
    await q.join()
    for t in tasks:
        t.cancel()
    res = await asyncio.gather(*tasks, return_exceptions=True)
    print(sorted(out), [type(r).__name__ for r in res], [t.cancelled() for t in tasks])
    lock, sem, ev, total = asyncio.Lock(), asyncio.Semaphore(2), asyncio.Event(), 0
    peak = cur = 0
    async def job():
        nonlocal total, peak, cur
        async with sem:
            cur += 1; peak = max(peak, cur)
            async with lock:
                t = total; await asyncio.sleep(0); total = t + 1
            cur -= 1
        return "released" if await ev.wait() else None
    js = [asyncio.create_task(job()) for _ in range(5)]
    await asyncio.sleep(0.02)
    print(total, peak, [j.done() for j in js]); ev.set()
    print(await asyncio.gather(*js))
    cond, data = asyncio.Condition(), []
    async def waiter():
        async with cond:
            await cond.wait_for(lambda: len(data) > 1)
            return list(data)
    w = asyncio.create_task(waiter()); await asyncio.sleep(0)
    async with cond:
        data.extend([1, 2]); cond.notify_all()
    print(await w)
asyncio.run(main())
