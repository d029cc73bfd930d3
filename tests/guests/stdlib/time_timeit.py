import time
import timeit

t = time.gmtime(1000000000)
print(time.strftime("%Y-%m-%d %H:%M:%S %j %a", t), t.tm_wday, t.tm_yday, t[:6])
print(time.strptime("30 Nov 00 12:15:09", "%d %b %y %H:%M:%S")[:8], time.asctime(t))
print(time.mktime((2001, 9, 9, 1, 46, 40, 0, 0, 0)), time.ctime(0), time.localtime(0)[:5])
print(time.timezone, time.daylight, time.time() > 1.6e9, abs(time.time_ns() / 1e9 - time.time()) < 5)
a = time.monotonic(); p = time.perf_counter_ns()
time.sleep(0.02)
d = time.monotonic() - a
print(0.015 < d < 1, time.perf_counter_ns() > p, time.process_time() >= 0)
print(time.get_clock_info("monotonic").monotonic, time.get_clock_info("time").adjustable in (True, False))
n = []
r = timeit.timeit(lambda: n.append(1), number=50)
print(len(n), r >= 0)
rep = timeit.repeat("x = sum(data)", setup="data = list(range(10))", number=20, repeat=3)
print(len(rep), all(isinstance(v, float) and v >= 0 for v in rep))
cnt, took = timeit.Timer("g += 1", "g = 0").autorange()
print(cnt >= 1, took > 0, str(cnt).strip("0") in ("1", "2", "5"))
start = time.perf_counter()
s = sum(i * i for i in range(20000))
print(s, time.perf_counter() > start)
