from datetime import datetime, date, time, timedelta, timezone

d = datetime(2024, 2, 28, 23, 30)
print(d + timedelta(hours=1), d - timedelta(days=60), (datetime(2025, 1, 1) - d))
print(date(2024, 2, 29).replace(month=3), date(2023, 12, 31).isocalendar()[:3], date(2024, 3, 1).timetuple().tm_yday)
print(d.strftime("%a %d %b %Y %I:%M %p|%j|%U|%%"), datetime.strptime("07/Mar/2021:08:09:10 +0530", "%d/%b/%Y:%H:%M:%S %z"))
print(datetime.fromisoformat("2024-05-06T07:08:09.123456+02:00").astimezone(timezone.utc).isoformat())
print(datetime.fromtimestamp(86400 * 365.25 * 30, timezone.utc), datetime(2001, 9, 9, 1, 46, 40, tzinfo=timezone.utc).timestamp())
td = timedelta(days=1, hours=2, minutes=3, seconds=4.5)
print(td, td.total_seconds(), td * 2, td / 2, td // timedelta(hours=1), -td, abs(timedelta(-1)), divmod(td, timedelta(hours=5)))
tz = timezone(timedelta(hours=-3, minutes=-30), "NST")
a = datetime(2024, 1, 1, 12, tzinfo=tz)
print(a, a.tzname(), a.utcoffset(), a == datetime(2024, 1, 1, 15, 30, tzinfo=timezone.utc), a.date().weekday())
print(time(13, 5).isoformat("minutes"), time.fromisoformat("04:05:06"), datetime.combine(date(2020, 1, 2), time(3, 4)))
print(date.fromordinal(738000), date(1, 1, 1).toordinal(), date.max, date.fromisocalendar(2024, 1, 1), datetime.min.year)
print(repr(td), repr(d), sorted([date(2024, 5, 1), date(2023, 7, 9)])[0], d.timestamp())
for bad in (lambda: date(2023, 2, 29), lambda: a < d, lambda: datetime.strptime("x", "%Y")):
    try:
        bad()
    except (ValueError, TypeError) as e:
        print(type(e).__name__)
days = [date(2024, m, 1) + timedelta((4 - date(2024, m, 1).weekday()) % 7 + 7 * 1) for m in range(1, 13)]
print([x for x in days if x.day == 13] or "no 13th", days[8], datetime.now().astimezone().utcoffset())
