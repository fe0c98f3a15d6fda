"""The time of groups and spot notices: this machine's, which tests put forward by ticks of a minute, so that none waits for it."""

import datetime

from moto.core.utils import utcnow

skipped = datetime.timedelta()


def now():
    return utcnow() + skipped


def skip(minutes):
    global skipped
    skipped += datetime.timedelta(minutes=minutes)


def stamp():
    """Now, as in the causes of activities."""
    return now().strftime("%Y-%m-%dT%H:%M:%SZ")
