# SPDX-License-Identifier: Apache-2.0
"""Local time: `time.tzset`, which makes the C library tell time in the zone that the variable TZ names.

The C library knows UTC alone. What it asks for a zone's offsets is answered from a table that is laid out here (patch/times.wat has its
layout): a file of zoneinfo's, or a rule as POSIX writes it. Without TZ there is no table, and nothing differs."""

import os
import re
import struct
import time
from zoneinfo import _common, _zoneinfo

import _host

_SHARE = "/usr/share/zoneinfo/"
# What a rule without dates means: those of the United States.
_RULE = ",M3.2.0,M11.1.0"
# Before it, rules do not count: as with other C libraries.
_FIRST_YEAR = 1970
_FOR_EVER = (1 << 63) - 1
# Where a bytes object's text begins.
_TEXT = bytes.__basicsize__ - 1
_ENTRY = struct.Struct("<qiiiI")

# What the C library reads from: it must stay where it is.
_table = _names = None
_zone = None


def _seconds(difference):
    return int(difference.total_seconds())


def _of_rule(rule, since):
    """What a rule says from a time on, for 400 years: (since, offset, whether it is summer time, name), not in order."""
    winter = _seconds(rule.std.utcoff), 0, rule.std.tzname
    summer = _seconds(rule.dst.utcoff), 1, rule.dst.tzname
    steps = []
    first = max(_FIRST_YEAR, time.gmtime(since).tm_year)
    for year in range(first, first + 402):
        begin, end = rule.transitions(year)
        steps += (begin - winter[0], *summer), (end - summer[0], *winter)
    return [step for step in steps if step[0] > since]


def _of_file(zone):
    with _common.load_tzdata(zone) as file:
        indices, since, offsets, summers, names, rule = _common.load_data(file)
    kinds = list(zip(offsets, summers, names))
    first = next((kind for kind in kinds if not kind[1]), kinds[0])
    steps = [(-(1 << 63), *first)]
    steps += ((begin, *kinds[index]) for begin, index in zip(since, indices))
    if rule and isinstance(rule := _zoneinfo._parse_tz_str(rule.decode()), _zoneinfo._TZStr):
        return steps + _of_rule(rule, since[-1] if since else 0), True
    return steps, False


def _of_text(zone):
    """A rule as POSIX writes it; a name without an offset is UTC by that name, as in other C libraries."""
    beginning = -(1 << 63)
    if name := re.match(r"[A-Za-z]{3,}(?![A-Za-z0-9+,-])", zone):
        return [(beginning, 0, 0, name[0])], False
    try:
        rule = _zoneinfo._parse_tz_str(zone)
    except ValueError:
        try:
            rule = _zoneinfo._parse_tz_str(zone + _RULE)
        except ValueError:
            return [(beginning, 0, 0, "UTC")], False
    if not isinstance(rule, _zoneinfo._TZStr):
        return [(beginning, _seconds(rule.utcoff), 0, rule.tzname)], False
    return [(beginning, _seconds(rule.std.utcoff), 0, rule.std.tzname), *_of_rule(rule, 0)], True


def _steps_of(zone):
    """What counts since when, and whether a rule goes on at its end."""
    try:
        return _of_file(zone)
    except (OSError, ValueError, KeyError):
        return _of_text(zone)


def _lay_out(steps, goes_on):
    """The table, and the names that it points to."""
    steps.sort()
    texts = {name: name.encode() + b"\0" for _, _, _, name in steps}
    others = [None] * len(steps)
    for order in range(len(steps)), reversed(range(len(steps))):
        last = [None, None]
        for at in order:
            _, offset, summer, _ = steps[at]
            last[bool(summer)] = offset
            if others[at] is None:
                others[at] = last[not summer]
    # The names of either kind, for what is told without a time: the last.
    last = dict((bool(summer), name) for _, _, summer, name in steps[-2 if goes_on else -1 :])
    kinds = [id(texts[last.get(kind, steps[-1][3])]) + _TEXT for kind in (False, True)]
    parts = [struct.pack("<iIqII", len(steps), kinds[0], steps[-1][0] if goes_on else _FOR_EVER, kinds[1], 0)]
    for (since, offset, summer, name), other in zip(steps, others):
        parts.append(_ENTRY.pack(since, offset, summer, offset + 3600 if other is None else other, id(texts[name]) + _TEXT))
    return b"".join(parts), texts


def _set_names():
    """`timezone`, `altzone`, `daylight` and `tzname`, as CPython finds them out."""
    year = (365 * 24 + 6) * 3600
    begin = int(time.time()) // year * year
    january, july = time.localtime(begin), time.localtime(begin + year // 2)
    first, second = (january, july) if january.tm_gmtoff <= july.tm_gmtoff else (july, january)
    time.timezone, time.altzone = -first.tm_gmtoff, -second.tm_gmtoff
    time.daylight = int(first.tm_gmtoff != second.tm_gmtoff)
    time.tzname = first.tm_zone, second.tm_zone


def tzset():
    """Initialize, or reinitialize, the local timezone to the value stored in os.environ['TZ']."""
    global _table, _names, _zone
    zone = os.environ.get("TZ", "").removeprefix(":").removeprefix(_SHARE) or None
    if zone != _zone:
        table, names = _lay_out(*_steps_of(zone)) if zone else (None, None)
        _host.call(b"z" + struct.pack("<I", id(table) + _TEXT if zone else 0))
        _table, _names, _zone = table, names, zone
    _set_names()


time.tzset = tzset
