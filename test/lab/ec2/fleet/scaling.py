"""What changes a group's capacity by itself: scheduled actions, which tests fire by hand, and target tracking, which ticks evaluate."""

import math
import uuid

from moto.autoscaling.exceptions import ValidationError
from moto.cloudwatch import cloudwatch_backends
from moto.cloudwatch.models import Dimension, Statistics

from fleet import clock, groups

# Consecutive datapoints, a minute each, until the alarms of target tracking act.
high_points, low_points = 3, 15
# The share of the target below which the lower alarm is on.
low_share = 0.9


def check_scheduled_action(smallest, largest, desired):
    """As AWS does where values are given: an unset one of Terraform's is a 0 here, if it is not -1, which Terraform does not send
    (https://github.com/buildkite/terraform-buildkite-elastic-ci-stack-for-aws/pull/146)."""

    def exceeds(lower, upper):
        return lower is not None and upper is not None and lower > upper

    if exceeds(smallest, desired):
        raise ValidationError("Desired capacity must be greater than or equal to min size")
    if exceeds(desired, largest):
        raise ValidationError("Desired capacity must be less than or equal to max size")
    if exceeds(smallest, largest):
        raise ValidationError("Max size must be greater than or equal to min size")


def fire_scheduled_action(group_name, name):
    for backend in groups.backends():
        for action in backend.describe_scheduled_actions(group_name, [name]):
            group = backend.group(group_name)
            limits = group.limits(action.min_size, action.max_size, action.desired_capacity)
            group.constrain(*limits, "a scheduled action update")
            return
    raise ValidationError(f"the group {group_name} has no scheduled action {name}")


class Tracking:
    """What a policy of target tracking has seen."""

    def __init__(self, group, given):
        configuration = given["TargetTrackingConfiguration"]
        metric = configuration.get("CustomizedMetricSpecification", {})
        if "Metrics" in metric:
            raise ValidationError("the lab evaluates no metric math: publish the value, and name it by MetricName and Namespace")
        self.group = group
        self.name = given["PolicyName"]
        self.own_warmup = given.get("EstimatedInstanceWarmup")
        self.metric = metric
        self.target = float(configuration["TargetValue"])
        self.may_scale_in = not configuration.get("DisableScaleIn")
        self.published = cloudwatch_backends[group.account_id][group.region].metric_data
        self.seen = len(self.published)
        # A value a minute, None where it was missing.
        self.points = []
        self.alarms = {level: f"TargetTracking-{group.name}-Alarm{level}-{uuid.uuid4()}" for level in ("High", "Low")}

    def read(self):
        """The statistic of what was published since the last tick; None where nothing was."""
        metric = self.metric
        dimensions = [Dimension(of["Name"], of["Value"]) for of in metric.get("Dimensions", [])]
        data = [
            datum
            for datum in self.published[self.seen :]
            if (datum.namespace, datum.name) == (metric.get("Namespace"), metric.get("MetricName"))
            and len(datum.dimensions) == len(dimensions)
            and all(dimension in datum.dimensions for dimension in dimensions)
            and metric.get("Unit") in (None, datum.unit)
        ]
        self.seen = len(self.published)
        statistic = metric.get("Statistic", "Average")
        statistics = Statistics([statistic], clock.now())
        statistics.metric_data = data
        return statistics.get_statistics_for_type(statistic) if data else None

    def breaches(self, count, is_breach):
        points = self.points[-count:]
        return len(points) == count and all(point is not None and is_breach(point) for point in points)

    @property
    def warm(self):
        """How many instances have warmed up, or will never, as there are none."""
        group, own = self.group, self.own_warmup
        default = group.default_cooldown if group.default_instance_warmup is None else group.default_instance_warmup
        seconds = int(default if own is None else own)
        return sum(member.is_warm(seconds) for member in group.kept)

    @property
    def wanted(self):
        """The capacity at which the metric would be at its target, were it in proportion. AWS does not say what it does where there is no
        instance; with a target of 100, users of ECS see two launched at 200 (https://github.com/aws/containers-roadmap/issues/1716), and
        with one of 90 at 100 (issues/653): as if there were one."""
        return math.ceil(max(self.warm, 1) * self.points[-1] / self.target)

    @property
    def scale_out(self):
        """The capacity to scale out to, or None. What warms up counts as capacity, and the metric is that of the others
        (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-default-instance-warmup.html)."""
        if not self.breaches(high_points, lambda point: point > self.target) or (self.group.kept and not self.warm):
            return None
        wanted = min(self.wanted, self.group.max_size)
        return wanted if wanted > self.group.desired_capacity else None

    @property
    def allows_scale_in(self):
        """Only when all have warmed up, and where the metric stays below its target."""
        group = self.group
        is_low = self.breaches(low_points, lambda point: point < low_share * self.target)
        return is_low and self.warm == len(group.kept) == group.desired_capacity and self.wanted < group.desired_capacity

    def cause(self, level):
        return f"a monitor alarm {self.alarms[level]} in state ALARM triggered policy {self.name}"


def evaluate(group, trackings):
    """Scales out where one policy asks for it, by the most; in, by one a minute, where all that may scale in agree
    (https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html: "it can scale in more gradually")."""
    out = max((tracking for tracking in trackings if tracking.scale_out), key=lambda tracking: tracking.scale_out, default=None)
    for_scale_in = [tracking for tracking in trackings if tracking.may_scale_in]
    if out:
        group.change_capacity(out.scale_out, out.cause("High"))
    elif (
        for_scale_in
        and all(tracking.allows_scale_in for tracking in for_scale_in)
        and group.desired_capacity > group.min_size
    ):
        group.change_capacity(group.desired_capacity - 1, for_scale_in[0].cause("Low"))


def tick(minutes):
    """Lets minutes pass, as if what was published since the last tick had been published in each of them."""
    policies = [policy for backend in groups.backends() for policy in backend.policies.values()]
    values = {policy.tracking: policy.tracking.read() for policy in policies if hasattr(policy, "tracking")}
    for _ in range(minutes):
        clock.skip(1)
        groups.settle()
        for tracking, value in values.items():
            tracking.points.append(value)
        for group in {tracking.group for tracking in values}:
            evaluate(group, [tracking for tracking in values if tracking.group is group])
