import asyncio
import contextvars
import numbers
from decimal import Decimal
from fractions import Fraction

user = contextvars.ContextVar("user", default="nobody")
print(user.get())
tok = user.set("ann")
ctx = contextvars.copy_context()
user.set("bob")
print(user.get(), ctx[user], ctx.run(user.get), ctx.run(lambda: (user.set("zed"), user.get())[1]), user.get())
user.reset(tok)
print(user.get(), user in ctx, ctx.get(user), tok.var is user)


async def task(name):
    user.set(name)
    await asyncio.sleep(0)
    return user.get()


async def main():
    res = await asyncio.gather(*(task(n) for n in ("t1", "t2", "t3")))
    return res, user.get()


print(asyncio.run(main()))
for v in (True, 3, 2.5, 1j, Fraction(1, 2), Decimal("1.5")):
    kinds = [k.__name__ for k in (numbers.Number, numbers.Complex, numbers.Real, numbers.Rational, numbers.Integral) if isinstance(v, k)]
    print(v, kinds)
try:
    user2 = contextvars.ContextVar("empty")
    user2.get()
except LookupError:
    print("LookupError", user2.get("fallback"))
