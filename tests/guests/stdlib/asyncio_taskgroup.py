import asyncio
import time
async def ok(n, d):
    await asyncio.sleep(d)
    return n
async def bad(d):
    await asyncio.sleep(d)
    raise ValueError("bad task")
async def forever(log):
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        log.append("cancelled")
        raise
async def main():
    log = []
    async with asyncio.TaskGroup() as tg:
        ts = [tg.create_task(ok(i, 0.01 * (3 - i))) for i in range(3)]
    print([t.result() for t in ts])
    try:
        async with asyncio.TaskGroup() as tg:
            tg.create_task(forever(log)); tg.create_task(bad(0.01))
    except* ValueError as eg:
        print([str(e) for e in eg.exceptions], log)
    try:
        async with asyncio.timeout(0.02):
            await asyncio.sleep(10)
    except TimeoutError:
        print("timeout")
    print([await f for f in asyncio.as_completed([ok("b", 0.03), ok("a", 0.0)])])
    done, pend = await asyncio.wait([asyncio.ensure_future(ok(1, 0)), asyncio.ensure_future(ok(2, 9))], return_when=asyncio.FIRST_COMPLETED)
    print(len(done), len(pend)); [p.cancel() for p in pend]
    loop, fut = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()
    loop.call_later(0.02, fut.set_result, "later"); loop.call_soon(log.append, "soon")
    print(await asyncio.shield(fut), log[-1], loop.time() > 0)
t0 = time.monotonic()
asyncio.run(main())
print(time.monotonic() - t0 < 3)
