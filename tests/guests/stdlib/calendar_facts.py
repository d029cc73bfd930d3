import calendar
from datetime import date

print(calendar.TextCalendar(calendar.MONDAY).formatmonth(2024, 2))
print(calendar.TextCalendar(6).formatweek(calendar.Calendar(6).monthdays2calendar(2023, 10)[0], 3))
print(tuple(map(int, calendar.monthrange(2023, 2))), calendar.monthrange(2024, 2)[1], calendar.isleap(1900), calendar.leapdays(2000, 2025))
print(calendar.weekday(2000, 1, 1) == calendar.SATURDAY, list(calendar.day_abbr), list(calendar.month_name)[-1])
for week in calendar.monthcalendar(2021, 2):
    print(week)
fridays = [date(y, m, 13) for y in range(2024, 2027) for m in range(1, 13) if calendar.weekday(y, m, 13) == 4]
print([d.isoformat() for d in fridays])
print(calendar.timegm((2001, 9, 9, 1, 46, 40, 0, 0, 0)), [d.isoformat() for d in calendar.Calendar().itermonthdates(2024, 9)][:3])
html = calendar.HTMLCalendar().formatmonth(2024, 1)
print(html.count("<td"), html.count("<tr"), "January 2024" in html)
try:
    calendar.monthrange(2024, 13)
except ValueError as e:
    print("bad month")
