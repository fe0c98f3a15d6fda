"""Instance refreshes (https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html).

Not here: checkpoints, alarms, rollback, and that a refresh fails which does not get on for an hour.
"""

import math
import uuid

from moto.autoscaling.exceptions import AutoscalingClientError

from fleet import clock


class Refresh:
    def __init__(self, group, preferences):
        def preference(name, default):
            return int(preferences.get(name, default))

        self.group = group
        self.preferences = preferences
        self.id = str(uuid.uuid4())
        self.status = "InProgress"
        self.started = clock.now()
        self.ended = None
        self.lowest = preference("MinHealthyPercentage", 90)
        self.highest = preference("MaxHealthyPercentage", 100)
        # https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html
        warmup = group.health_check_grace_period if group.default_instance_warmup is None else group.default_instance_warmup
        self.warmup = preference("InstanceWarmup", warmup)
        template = group.ec2_launch_template
        current = (template.id, str(template.get_version(group.launch_template_version).number), group.instance_type)
        self.replaced = [
            member
            for member in group.kept
            if not preferences.get("SkipMatching")
            or current
            != (*((member.launch_template or {}).get(key) for key in ("LaunchTemplateId", "Version")), member.instance_type)
        ]
        if preferences.get("ScaleInProtectedInstances") == "Ignore":
            self.replaced = [member for member in self.replaced if not member.protected_from_scale_in]
        self.total = len(self.replaced)

    @property
    def is_active(self):
        return self.status == "InProgress"

    @property
    def old(self):
        """What it has not begun to replace."""
        return [member for member in self.group.kept if member in self.replaced]

    @property
    def surge(self):
        """How many instances there may be beyond the desired capacity."""
        most = math.floor(self.group.desired_capacity * (self.highest - 100) / 100)
        return min(len(self.old), max(most, 1)) if self.highest > 100 else 0

    def step(self):
        """Replaces as far as it may now, and ends once all are replaced."""
        self.group.converge()
        while self.terminate_next():
            self.group.converge()
        kept = self.group.kept
        is_ready = len(kept) >= self.group.desired_capacity and all(map(self.is_healthy, kept))
        if not self.remaining and is_ready:
            self.end("Successful")

    def terminate_next(self):
        """Terminates one of the old instances; False where none may go."""
        group = self.group
        healthy = sum(map(self.is_healthy, group.kept))
        floor = math.ceil(group.desired_capacity * self.lowest / 100)
        if self.highest == 100:
            # Nothing is launched before: one goes at any percentage.
            floor = min(floor, group.desired_capacity - 1)
        for member in self.old:
            is_held = member.protected_from_scale_in and self.preferences.get("ScaleInProtectedInstances") != "Refresh"
            if not is_held and (healthy > floor or not self.is_healthy(member)):
                group.terminate(
                    member, f"At {clock.stamp()} an instance was taken out of service in response to an instance refresh."
                )
                return True
        return False

    def is_healthy(self, member):
        """Whether it counts against the percentages: what came with the refresh once it has warmed up."""
        return member.is_warm(0 if member in self.replaced else self.warmup)

    def end(self, status):
        self.status = status
        self.ended = clock.now()

    @property
    def remaining(self):
        return [member for member in self.group.instance_states if member in self.replaced]

    def describe(self):
        done = self.total - len(self.remaining)
        is_successful = self.status == "Successful"
        return {
            "InstanceRefreshId": self.id,
            "AutoScalingGroupName": self.group.name,
            "Status": self.status,
            "StartTime": self.started,
            "EndTime": self.ended,
            "PercentageComplete": 100 if is_successful else min(99, 100 * done // max(self.total, 1)),
            "InstancesToUpdate": len(self.remaining),
            "Preferences": self.preferences,
        }


def start(group, preferences):
    if group.refresh:
        raise AutoscalingClientError(
            "InstanceRefreshInProgress", "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh."
        )
    refresh = Refresh(group, preferences)
    group.refreshes.insert(0, refresh)
    refresh.step()
    return refresh


def cancel(group):
    """What was replaced stays so."""
    refresh = group.refresh
    if not refresh:
        raise AutoscalingClientError(
            "ActiveInstanceRefreshNotFound", f"No in progress or pending Instance Refresh found for Auto Scaling group {group.name}"
        )
    refresh.end("Cancelled")
    group.converge()
    return refresh
