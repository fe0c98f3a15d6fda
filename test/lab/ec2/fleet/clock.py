"""The time of groups and spot notices: this machine's, which tests put forward by ticks of a minute, so that none waits for it."""

import datetime

import pytz
from croniter import croniter
from moto.core.utils import utcnow

skipped = datetime.timedelta()


def now():
    return utcnow() + skipped


def skip(minutes):
    global skipped
    skipped += datetime.timedelta(minutes=minutes)


def next_run(cron, zone):
    """When a time of a cron expression comes next, in UTC as all times here."""
    local = pytz.utc.localize(now()).astimezone(pytz.timezone(zone or "UTC"))
    return croniter(cron, local).get_next(datetime.datetime).astimezone(pytz.utc).replace(tzinfo=None)


def stamp():
    """Now, as in the causes of activities."""
    return now().strftime("%Y-%m-%dT%H:%M:%SZ")
