from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

ny, ldn, tokyo = ZoneInfo("America/New_York"), ZoneInfo("Europe/London"), ZoneInfo("Asia/Tokyo")
t = datetime(2023, 7, 4, 12, tzinfo=ny)
for z in (ldn, tokyo, timezone.utc, ZoneInfo("Asia/Kolkata")):
    print(t.astimezone(z).isoformat(), t.astimezone(z).tzname())
for day in (11, 12):
    x = datetime(2023, 3, day, 12, tzinfo=ny)
    print(x.utcoffset(), x.dst(), x.tzname())
print((datetime(2023, 3, 12, 12, tzinfo=ny) - datetime(2023, 3, 11, 12, tzinfo=ny)))
print(datetime(2023, 3, 12, 12, tzinfo=ny).astimezone(timezone.utc) - datetime(2023, 3, 11, 12, tzinfo=ny).astimezone(timezone.utc))
amb = datetime(2023, 10, 29, 1, 30, tzinfo=ldn)
print(amb.utcoffset(), amb.replace(fold=1).utcoffset(), amb.astimezone(timezone.utc).hour, amb.replace(fold=1).astimezone(timezone.utc).hour)
gap = datetime(2023, 3, 26, 1, 30, tzinfo=ldn)
print(gap.astimezone(timezone.utc).astimezone(ldn).isoformat())
print(str(ny), ny.key, ZoneInfo("Asia/Tokyo") is tokyo, {"UTC", "Europe/Paris"} <= available_timezones())
print(datetime(1970, 1, 1, tzinfo=ZoneInfo("Europe/London")).utcoffset(), datetime(2050, 7, 1, tzinfo=ny).dst())
try:
    ZoneInfo("Mars/Olympus")
except ZoneInfoNotFoundError as e:
    print("not found", type(e).__name__)
