import contextlib
import io
import asyncio
@contextlib.contextmanager
def step(name, log):
    log.append("+" + name)
    try:
        yield name
    except LookupError as e:
        log.append("handled " + type(e).__name__)
    finally:
        log.append("-" + name)
log = []
with step("a", log), step("b", log):
    raise IndexError
print(log)
out = io.StringIO()
with contextlib.redirect_stdout(out):
    print("captured")
print(repr(out.getvalue()))
with contextlib.ExitStack() as st:
    for n in "xyz":
        st.enter_context(step(n, log))
    saved = st.pop_all()
print(log[-1]); saved.close(); print(log[-3:])
with contextlib.closing(io.BytesIO(b"q")) as f:
    print(f.read(), f.closed)
with contextlib.nullcontext(5) as five, contextlib.suppress(KeyError): print(five); {}["x"]
@step("deco", log)
def g(): return f.closed
print(g(), log[-2:])
@contextlib.asynccontextmanager
async def conn():
    yield "conn"
    log.append("async closed")
async def main():
    async with conn() as c, contextlib.AsyncExitStack() as s:
        s.push_async_callback(asyncio.sleep, 0)
        return c
print(asyncio.run(main()), log[-1])
