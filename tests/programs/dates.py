# Programs of one subject; a line `#%% NAME` begins each, `#%% NAME (whole)` one that is not cut into runs of a session.
#%% date arithmetic
from datetime import date, timedelta, datetime
d = date(2024, 2, 28)
print(d + timedelta(days=2), d - date(2023, 2, 28), d.replace(year=2023), d.isoweekday(), d.isocalendar(), d.toordinal(), date.fromordinal(738000), d.timetuple().tm_yday, date.min, date.max)
print(timedelta(hours=25, minutes=-3), timedelta(seconds=-1), timedelta(days=1) / 7, timedelta(days=5) // timedelta(hours=7), abs(timedelta(-1)), timedelta(microseconds=1).total_seconds(), timedelta.max, repr(timedelta(1, 2, 3)))
date(2023, 13, 29) if d.year < 2000 else date.fromisoformat("2023-02-x1")
#%% formatting and parsing
from datetime import datetime, date, time
t = datetime(2024, 3, 7, 9, 5, 3, 42)
for f in ("%Y-%m-%d %H:%M:%S", "%d/%m/%y", "%A %d %B %Y", "%a %b %e", "%I:%M %p", "%j %U %W %w", "%f", "%c", "%x", "%X", "%%", "%G-W%V-%u", "%s", "%D %T", "%h %n %t|", "%-d %-m", "%C %R"):
    print(f, t.strftime(f))
print(datetime.strptime("12 Feb 2023 07:08 PM", "%d %b %Y %I:%M %p"), datetime.fromisoformat("2024-01-02T03:04:05.678+05:30"), date.fromisoformat("2024-06-01"), time.fromisoformat("04:05"), t.isoformat(" ", "minutes"), t)
datetime.strptime("2024-13-01", "%Y-%m-%d")
#%% parsing errors
from datetime import datetime
for text, f in (("x", "%Y"), ("2024 extra", "%Y"), ("1", "%q")):
    try:
        print(datetime.strptime(text, f))
    except ValueError as e:
        print(e)
for args in ((2024, 0, 1), (0, 1, 1), (2024, 1, 1, 24)):
    try:
        datetime(*args)
    except ValueError as e:
        print(type(e).__name__)
datetime.fromisoformat("yesterday")
#%% zones
from datetime import datetime, timezone, timedelta
from zoneinfo import ZoneInfo
t = datetime(2024, 7, 1, 12, tzinfo=ZoneInfo("Europe/Paris"))
print(t, t.utcoffset(), t.tzname(), t.astimezone(timezone.utc), t.astimezone(ZoneInfo("America/Los_Angeles")), t.astimezone(ZoneInfo("Asia/Kolkata")).isoformat(), t.dst(), t.timestamp())
w = datetime(2024, 1, 1, tzinfo=ZoneInfo("Europe/Paris"))
print(w.utcoffset(), (t - w), t.astimezone(timezone(timedelta(hours=-3, minutes=-30), "X")).strftime("%z %Z"), repr(timezone.utc), ZoneInfo("UTC"))
print(datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Paris"), fold=1).utcoffset(), datetime(1900, 1, 1, tzinfo=ZoneInfo("America/New_York")).utcoffset(), datetime(2050, 7, 1, tzinfo=ZoneInfo("Australia/Sydney")).utcoffset())
try:
    t < datetime(2024, 1, 1)
except TypeError as e:
    print(e)
ZoneInfo("Mars/Base")
#%% local time is utc
import time, datetime
print(time.tzname, time.timezone, time.daylight, time.localtime(0)[:6], time.gmtime(86400)[:6], time.mktime((2024, 1, 1, 0, 0, 0, 0, 0, 0)), time.strftime("%Y-%m-%d", time.gmtime(0)), time.asctime(time.gmtime(0)), time.ctime(1e9))
print(datetime.datetime.fromtimestamp(1700000000), datetime.datetime.fromtimestamp(1.5, datetime.timezone.utc), datetime.datetime(2024, 1, 1).timestamp(), datetime.datetime(2024, 1, 1).astimezone().utcoffset(), time.strptime("30 Nov 00", "%d %b %y").tm_wday)
#%% times beyond 2038
import time, datetime
print(time.gmtime(2**32)[:6], datetime.datetime.fromtimestamp(2**33, datetime.timezone.utc), time.ctime(4e9), datetime.datetime(2100, 1, 1, tzinfo=datetime.timezone.utc).timestamp(), time.mktime((2200, 1, 1, 0, 0, 0, 0, 0, 0)), datetime.datetime.fromtimestamp(-86400 * 365, datetime.timezone.utc))
time.gmtime(1e20)
#%% calendars
import calendar
print(calendar.month(2024, 2), calendar.isleap(1900), calendar.monthrange(2024, 2)[1], calendar.day_name[0], calendar.month_abbr[12], calendar.leapdays(2000, 2024), calendar.timegm((1970, 1, 2, 0, 0, 0)), calendar.weekday(2024, 3, 1), sep="\n")
print(list(calendar.Calendar(firstweekday=6).itermonthdays(2024, 2))[:8], calendar.TextCalendar(6).formatmonth(2023, 9), calendar.monthcalendar(2024, 2)[0])
#%% working days between
from datetime import date, timedelta
holidays = {date(2024, 1, 1), date(2024, 12, 25)}
def workdays(a, b):
    return sum(1 for n in range((b - a).days) if (a + timedelta(n)).weekday() < 5 and a + timedelta(n) not in holidays)
print(workdays(date(2024, 1, 1), date(2025, 1, 1)))
def next_weekday(d, wd): return d + timedelta((wd - d.weekday() - 1) % 7 + 1)
print(next_weekday(date(2024, 3, 1), 0), [str(date(2024, m, 1) - timedelta(1)) for m in range(1, 5)])
#%% ages and durations
from datetime import date, datetime
def age(born, today): return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
print(age(date(2000, 2, 29), date(2024, 2, 28)), age(date(1990, 5, 1), date(2024, 5, 1)))
a, b = datetime(2024, 1, 1, 8, 30), datetime(2024, 1, 3, 17, 45, 10)
gap = b - a
print(gap, gap.days, gap.seconds, f"{gap.total_seconds() / 3600:.2f} h", divmod(gap.seconds, 3600), str(gap).split(", "))
#%% dateutil
from dateutil import parser, relativedelta, rrule, tz
from datetime import datetime
print(parser.parse("March 3rd, 2024 5pm"), parser.parse("03/04/2024", dayfirst=True), relativedelta.relativedelta(datetime(2024, 3, 31), datetime(2023, 12, 25)), datetime(2024, 1, 31) + relativedelta.relativedelta(months=1), [d.strftime("%m-%d") for d in rrule.rrule(rrule.WEEKLY, count=3, dtstart=datetime(2024, 1, 1))], parser.isoparse("2024-W05-2"))
print(datetime(2024, 7, 1, tzinfo=tz.gettz("America/New_York")).utcoffset(), tz.UTC)
parser.parse("not a date")
#%% sorting and grouping dates
from datetime import datetime
from itertools import groupby
stamps = ["2024-03-01T10:00", "2024-02-28T23:59", "2024-03-01T09:00", "2023-12-31T00:00"]
days = sorted(map(datetime.fromisoformat, stamps))
for (y, m), g in groupby(days, key=lambda d: (d.year, d.month)):
    print(f"{y}-{m:02}", [f"{d:%d %H:%M}" for d in g])
print(min(days), max(days), datetime.combine(days[0].date(), days[1].time()), days[0] in days, hash(days[0]) == hash(datetime(2023, 12, 31)))
#%% iso weeks and quarters
from datetime import date, timedelta
for d in (date(2020, 12, 31), date(2021, 1, 3), date(2024, 12, 30)):
    print(d, d.isocalendar().week, f"Q{(d.month - 1) // 3 + 1}", d.strftime("%G-%V"), date.fromisocalendar(*d.isocalendar()), f"{d:%a}")
start = date(2024, 1, 1)
print([(start + timedelta(weeks=w)).isoformat() for w in range(0, 52, 13)])
#%% time objects and pickles
from datetime import *
import pickle, copy
t = time(23, 59, 59, 999999, tzinfo=timezone(timedelta(hours=2)))
print(t, repr(t), t.utcoffset(), pickle.loads(pickle.dumps(t)) == t, time(1) < time(2), time.max, bool(time(0)), copy.copy(timedelta(1)), datetime.min, datetime(2024, 1, 1).replace(tzinfo=timezone.utc).isoformat(timespec="milliseconds"), datetime(1, 1, 1).strftime("%d/%m"))
datetime.max + timedelta(days=1)
#%% name of the zone of gmtime
import time
print(time.strftime("%a, %d %b %Y %H:%M:%S %Z", time.gmtime(0)), time.gmtime(0).tm_zone, time.localtime(0).tm_zone)
