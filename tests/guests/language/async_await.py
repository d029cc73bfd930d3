import asyncio


async def fetch(name, delay, log):
    log.append(f"start {name}")
    await asyncio.sleep(delay)
    log.append(f"end {name}")
    return name.upper()


async def ticker(n):
    for i in range(n):
        await asyncio.sleep(0)
        yield i * i


class Session:
    async def __aenter__(self):
        print("open")
        return self

    async def __aexit__(self, *exc):
        print("close", exc[0].__name__ if exc[0] else None)
        return True


async def main():
    log = []
    res = await asyncio.gather(fetch("slow", 0.06, log), fetch("fast", 0.01, log))
    print(res, log)
    print([x async for x in ticker(5) if x % 2 == 0])
    async with Session():
        raise LookupError("x")
    try:
        await asyncio.wait_for(asyncio.sleep(5), 0.02)
    except asyncio.TimeoutError:
        print("timed out")
    return "done"

print(asyncio.run(main()))
