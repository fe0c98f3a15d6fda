"""Auto scaling groups that act as AWS's: balance over zones, bounds, lifecycle hooks that wait, causes of activities.

moto has the actions and what describes a group; what a group does is here. What AWS does in seconds happens at once, so that of the states
on the way only those are seen that wait for somebody: Pending:Wait and Terminating:Wait. `settle` does what time, or a change outside of
the group, has brought; the server calls it before each request.
"""

import collections
import datetime
import math
import uuid

from moto.autoscaling import autoscaling_backends, models
from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.core.exceptions import ServiceException

from fleet import clock, templates

# After a launch that failed, a group tries again in a minute.
retry = datetime.timedelta(minutes=1)
transitions = {"Pending": "autoscaling:EC2_INSTANCE_LAUNCHING", "Terminating": "autoscaling:EC2_INSTANCE_TERMINATING"}


class Activity(dict):
    """A scaling activity, as DescribeScalingActivities has it."""

    def __init__(self, group, description, cause):
        super().__init__(
            ActivityId=str(uuid.uuid4()),
            AutoScalingGroupName=group.name,
            AutoScalingGroupARN=group.arn,
            Description=description,
            Cause=cause.strip(),
            StartTime=clock.now(),
            StatusCode="InProgress",
            Progress=50,
        )
        group.activities.insert(0, self)

    def end(self, status="Successful", message=None):
        self.update(StatusCode=status, StatusMessage=message, EndTime=clock.now(), Progress=100)


class LifecycleAction:
    """What an instance waits for, because of a hook."""

    def __init__(self, hook):
        self.hook = hook
        self.token = str(uuid.uuid4())
        self.latest = clock.now() + datetime.timedelta(seconds=hook.global_timeout)
        self.heartbeat()

    def heartbeat(self):
        self.deadline = min(clock.now() + datetime.timedelta(seconds=self.hook.heartbeat_timeout), self.latest)


class Member(models.InstanceState):
    """An instance of a group."""

    # Instead of moto's, which is the group's: the one that it was launched by.
    launch_template = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.actions = {}
        self.activity = None
        self.in_service_since = clock.now()

    @property
    def is_kept(self):
        """Whether it counts against the desired capacity."""
        return self.lifecycle_state == "InService" or self.lifecycle_state.startswith("Pending")

    @property
    def is_spot(self):
        return self.instance.lifecycle == "spot"

    def is_warm(self, seconds):
        """Whether it has been in service for as long as it takes to warm up."""
        ready = self.in_service_since + datetime.timedelta(seconds=seconds)
        return self.lifecycle_state == "InService" and clock.now() >= ready


models.InstanceState = Member


def check_bounds(smallest, largest, desired):
    if smallest > largest:
        raise ValidationError(f"Max bound, {largest}, must be greater than or equal to min bound, {smallest}")
    if not smallest <= desired <= largest:
        raise ValidationError(
            f"Desired capacity:{desired} must be between the specified min size:{smallest} and max size:{largest}"
        )


def terminate(instances):
    """Termination protection is no obstacle to a group, nor to an interruption."""
    there = [instance for instance in instances if instance.state != "terminated"]
    for instance in there:
        instance.disable_api_termination = False
    if there:
        there[0].ec2_backend.terminate_instances([instance.id for instance in there])


class Group(models.FakeAutoScalingGroup):
    def __init__(self, *args, **kwargs):
        self.activities = []
        self.refreshes = []
        self.default_instance_warmup = None
        self.retry_at = clock.now()
        super().__init__(*args, **kwargs)

    @property
    def launch_template(self):
        return None if self.mixed_instances_policy else super().launch_template

    def update(
        self,
        availability_zones,
        desired_capacity,
        max_size,
        min_size,
        launch_config_name,
        launch_template,
        vpc_zone_identifier,
        health_check_period,
        health_check_type,
        new_instances_protected_from_scale_in=None,
        mixed_instances_policy=None,
    ):
        limits = self.limits(min_size, max_size, desired_capacity)
        if availability_zones or vpc_zone_identifier:
            self._set_azs_and_vpcs(availability_zones, vpc_zone_identifier, update=True)
        if launch_template or mixed_instances_policy:
            self.mixed_instances_policy = mixed_instances_policy
            self._set_launch_configuration(None, launch_template, mixed_instances_policy)
        if health_check_period is not None:
            self.health_check_grace_period = health_check_period
        if health_check_type is not None:
            self.health_check_type = health_check_type
        if new_instances_protected_from_scale_in is not None:
            self.new_instances_protected_from_scale_in = new_instances_protected_from_scale_in
        self.constrain(*limits, "a user request update")

    def limits(self, smallest, largest, desired):
        """Bounds and desired capacity; what is None stays, and the desired capacity then follows the bounds
        (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html)."""
        smallest = self.min_size if smallest is None else smallest
        largest = self.max_size if largest is None else largest
        if desired is None:
            desired = min(max(self.desired_capacity, smallest), largest)
        check_bounds(smallest, largest, desired)
        return smallest, largest, desired

    def constrain(self, smallest, largest, desired, who):
        """Changes bounds and desired capacity; `who` did it, as causes of activities say."""
        self.min_size, self.max_size = smallest, largest
        constraints = f"min: {smallest}, max: {largest}, desired: {desired}"
        self.change_capacity(desired, f"{who} of AutoScalingGroup constraints to {constraints}")

    def change_capacity(self, desired, why):
        """Changes the desired capacity; `why` begins the cause of the activities that follow."""
        before, self.desired_capacity = self.desired_capacity, desired
        if desired != before:
            self.converge(f"At {clock.stamp()} {why} changing the desired capacity from {before} to {desired}.  ")

    def set_desired_capacity(self, new_capacity):
        """moto calls it when it makes a group, and after instances have joined or left it by hand."""
        self.desired_capacity = self.min_size if new_capacity is None else new_capacity
        if self.name in self.autoscaling_backend.autoscaling_groups:
            self.converge()

    def start(self):
        """Launches the first instances, once all that was said of the group when it was created is known."""
        created = f"a user request created an AutoScalingGroup changing the desired capacity from 0 to {self.desired_capacity}"
        self.converge(f"At {clock.stamp()} {created}.  ")

    @property
    def kept(self):
        return [member for member in self.instance_states if member.is_kept]

    @property
    def refresh(self):
        """The instance refresh in progress."""
        return next((refresh for refresh in self.refreshes if refresh.is_active), None)

    def converge(self, cause=""):
        """Launches and terminates until there are as many as are wanted."""
        wanted = self.desired_capacity + (self.refresh.surge if self.refresh else 0)
        size = len(self.kept)
        if size < wanted and (cause or clock.now() >= self.retry_at):
            difference = f"a difference between desired and actual capacity, increasing the capacity from {size} to {wanted}"
            for _ in range(wanted - size):
                if not self.launch(f"{cause}At {clock.stamp()} an instance was started in response to {difference}."):
                    self.retry_at = clock.now() + retry
                    break
        for _ in range(size - wanted):
            member = self.next_to_terminate()
            if not member:
                break
            difference = f"a difference between desired and actual capacity, shrinking the capacity from {size} to {wanted}"
            self.terminate(member, f"{cause}At {clock.stamp()} an instance was taken out of service in response to {difference}.")

    def launch(self, cause):
        """Launches an instance; None where EC2 refuses it, for which an activity gives the reason."""
        version = self.ec2_launch_template.get_version(self.launch_template_version)
        tags = {**self.get_propagated_tags(), models.ASG_NAME_TAG: self.name}
        is_spot = self.on_demand_surplus(self.wanted_on_demand(self.desired_capacity), 1) > 0
        try:
            instance = templates.launch(self.ec2_backend, version, self.next_subnet(), self.instance_type, is_spot, tags)
        except ServiceException as error:
            Activity(self, "Launching a new EC2 instance", cause).end(
                "Failed", f"{error.message} Launching EC2 instance failed."
            )
            return None
        member = Member(
            instance, "Pending", protected_from_scale_in=self.new_instances_protected_from_scale_in, autoscaling_group=self
        )
        template = version.template
        member.launch_template = {
            "LaunchTemplateId": template.id,
            "LaunchTemplateName": template.name,
            "Version": str(version.number),
        }
        member.activity = Activity(self, f"Launching a new EC2 instance: {instance.id}", cause)
        self.instance_states.append(member)
        self.enter(member, "Pending")
        return member

    @property
    def instance_type(self):
        """The first of a mixed policy, whose order is that of preference, or the template's."""
        overrides = (self.mixed_instances_policy or {}).get("LaunchTemplate", {}).get("Overrides", [])
        types = [override["InstanceType"] for override in overrides if "InstanceType" in override]
        return (types or [self.ec2_launch_template.get_version(self.launch_template_version).instance_type])[0]

    def wanted_on_demand(self, size):
        """How many of so many instances are on demand; the share above the base is rounded up
        (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html)."""
        distribution = (self.mixed_instances_policy or {}).get("InstancesDistribution", {})
        base = min(int(distribution.get("OnDemandBaseCapacity", 0)), size)
        return base + math.ceil((size - base) * int(distribution.get("OnDemandPercentageAboveBaseCapacity", 100)) / 100)

    def on_demand_surplus(self, wanted, further=0):
        """By how many instances on demand there would be too many, with so many further ones."""
        return sum(not member.is_spot for member in self.kept) + further - wanted

    def next_subnet(self):
        """One in the zone that has the fewest of its instances
        (https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html)."""
        if self.vpc_zone_identifier:
            subnets = [self.ec2_backend.get_subnet(id) for id in self.vpc_zone_identifier.split(",")]
        else:
            subnets = [self.ec2_backend.get_default_subnets()[zone] for zone in self.availability_zones]
        zones = collections.Counter(member.availability_zone for member in self.kept)
        used = collections.Counter(member.instance.subnet_id for member in self.kept)
        return min(subnets, key=lambda subnet: (zones[subnet.availability_zone], used[subnet.id]))

    def next_to_terminate(self):
        """By the default termination policy: with the purchase option that there are too many of, in the zone that has the most, of the
        oldest version, the oldest (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html)."""
        is_spot_wanted = self.on_demand_surplus(self.wanted_on_demand(len(self.kept) - 1)) > 0
        zones = collections.Counter(member.availability_zone for member in self.kept)
        return min(
            (member for member in self.kept if not member.protected_from_scale_in),
            key=lambda member: (
                member.is_spot == is_spot_wanted,
                -zones[member.availability_zone],
                int((member.launch_template or {"Version": 0})["Version"]),
            ),
            default=None,
        )

    def terminate(self, member, cause):
        """Takes an instance out of service: through the hooks, and then it is terminated."""
        if member.lifecycle_state == "Pending:Wait":
            member.activity.end("Cancelled")
        member.actions.clear()
        id = member.instance_id
        selected = f"{cause}  At {clock.stamp()} instance {id} was selected for termination."
        member.activity = Activity(self, f"Terminating EC2 instance: {id}", selected)
        self.enter(member, "Terminating")
        return member.activity

    def enter(self, member, phase):
        hooks = [
            hook
            for hook in self.autoscaling_backend.describe_lifecycle_hooks(self.name)
            if hook.lifecycle_transition == transitions[phase]
        ]
        if hooks:
            member.actions = {hook.name: LifecycleAction(hook) for hook in hooks}
            member.lifecycle_state = f"{phase}:Wait"
            mid = {"Pending": "MidLifecycleAction", "Terminating": "MidTerminatingLifecycleAction"}
            member.activity["StatusCode"] = mid[phase]
        else:
            self.proceed(member, phase)

    def proceed(self, member, phase):
        member.activity.end()
        if phase == "Pending":
            member.lifecycle_state = "InService"
            member.in_service_since = clock.now()
        else:
            self.instance_states.remove(member)
            terminate([member.instance])

    def complete(self, member, hook_name, result):
        """Completes a lifecycle action. ABANDON ends the other hooks' too
        (https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks-overview.html); an instance that was launching is terminated,
        through the hooks of that, and replaced."""
        phase = member.lifecycle_state.split(":")[0]
        del member.actions[hook_name]
        if result == "ABANDON" and phase == "Pending":
            self.terminate(
                member, f"At {clock.stamp()} an instance was taken out of service in response to an abandoned lifecycle action."
            )
            self.converge()
        elif result == "ABANDON" or not member.actions:
            member.actions.clear()
            self.proceed(member, phase)

    def settle(self):
        for member in list(self.instance_states):
            for name, action in list(member.actions.items()):
                if clock.now() >= action.deadline and name in member.actions:
                    self.complete(member, name, action.hook.default_result)
        for member in self.kept:
            why = self.unhealthy_reason(member)
            if why:
                member.health_status = "Unhealthy"
                self.terminate(member, f"At {clock.stamp()} an instance was taken out of service in response to {why}.")
        if self.refresh:
            self.refresh.step()
        self.converge()

    @staticmethod
    def unhealthy_reason(member):
        """Also one that is gone already passes through the hooks: whoever completes them may find no machine."""
        if member.instance.state != "running":
            return "an EC2 health check indicating it has been terminated or stopped"
        return "a user health-check" if member.health_status == "Unhealthy" else None


models.FakeAutoScalingGroup = Group


class Backend(models.AutoScalingBackend):
    # Beside it moto looks for the service's URLs.
    __module__ = models.__name__

    def group(self, name):
        if name not in self.autoscaling_groups:
            raise ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup: {name} not found")
        return self.autoscaling_groups[name]

    def create_auto_scaling_group(self, **kwargs):
        name, smallest = kwargs["name"], int(kwargs["min_size"])
        if name in self.autoscaling_groups:
            raise AutoscalingClientError(
                "AlreadyExists", f"AutoScalingGroup by this name already exists - A group with the name {name} already exists"
            )
        if kwargs["launch_config_name"] or kwargs.get("instance_id"):
            raise ValidationError("the lab's groups launch by a launch template or a mixed instances policy")
        desired = kwargs["desired_capacity"]
        check_bounds(smallest, int(kwargs["max_size"]), smallest if desired is None else int(desired))
        return super().create_auto_scaling_group(**kwargs)

    def update_auto_scaling_group(self, name, **kwargs):
        self.group(name)
        return super().update_auto_scaling_group(name=name, **kwargs)

    def delete_auto_scaling_group(self, group_name, force=False):
        group = self.group(group_name)
        if group.instance_states and not force:
            raise AutoscalingClientError(
                "ResourceInUse",
                "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.",
            )
        del self.autoscaling_groups[group_name]
        # No hook is waited for (https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html).
        terminate(member.instance for member in group.instance_states)
        for kind in (self.lifecycle_hooks, self.policies, self.scheduled_actions):
            for key in [key for key, value in kind.items() if value.auto_scaling_group_name == group_name]:
                del kind[key]

    def set_desired_capacity(self, group_name, desired_capacity):
        group = self.group(group_name)
        for is_outside, bound in [
            (desired_capacity > group.max_size, f"above max value {group.max_size}"),
            (desired_capacity < group.min_size, f"below min value {group.min_size}"),
        ]:
            if is_outside:
                raise ValidationError(f"New SetDesiredCapacity value {desired_capacity} is {bound} for the AutoScalingGroup.")
        group.change_capacity(desired_capacity, "a user request explicitly set group desired capacity")

    def member(self, instance_id):
        for group in self.autoscaling_groups.values():
            for member in group.instance_states:
                if member.instance_id == instance_id:
                    return group, member
        raise ValidationError(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")

    def terminate_instance(self, instance_id, should_decrement):
        group, member = self.member(instance_id)
        if member.lifecycle_state.startswith("Terminating"):
            return member.activity
        cause = f"At {clock.stamp()} instance {instance_id} was taken out of service in response to a user request"
        if should_decrement:
            before = group.desired_capacity
            if before <= group.min_size:
                raise ValidationError(
                    f"Currently, desiredSize equals minSize ({before}). Terminating instance without replacement will violate group's min"
                    " size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size."
                )
            group.desired_capacity -= 1
            cause += f", shrinking the capacity from {before} to {before - 1}"
        activity = group.terminate(member, f"{cause}.")
        group.converge()
        return activity

    def set_instance_health(self, instance_id, health_status):
        group, member = self.member(instance_id)
        member.health_status = health_status
        group.settle()

    def notify_terminate_instances(self, instance_ids):
        """moto calls it after TerminateInstances."""
        for group in self.autoscaling_groups.values():
            group.settle()

    def put_scheduled_update_group_action(self, name, scheduled_action_name, start_time, recurrence, timezone, **kwargs):
        """A run has a time that no other one of the group has
        (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html)."""
        self.group(name)
        if start_time is None:
            start_time = clock.next_run(recurrence, timezone)
        if start_time <= clock.now():
            raise ValidationError("Given start time is in the past")
        for other in self.describe_scheduled_actions(name):
            if other.start_time == start_time and other.scheduled_action_name != scheduled_action_name:
                raise AutoscalingClientError("AlreadyExists", "Scheduled action with this scheduled start time already exists")
        return super().put_scheduled_update_group_action(
            name=name,
            scheduled_action_name=scheduled_action_name,
            start_time=start_time,
            recurrence=recurrence,
            timezone=timezone,
            **kwargs,
        )

    def describe_scheduled_actions(self, autoscaling_group_name=None, scheduled_action_names=None):
        found = super().describe_scheduled_actions(autoscaling_group_name, scheduled_action_names)
        for action in found:
            if action.start_time <= clock.now():
                action.start_time = clock.next_run(action.recurrence, action.time_zone)
        return found

    def put_lifecycle_hook(self, group_name, given):
        self.group(group_name)
        name = given["LifecycleHookName"]
        if f"{group_name}_{name}" not in self.lifecycle_hooks:
            if given.get("LifecycleTransition") not in transitions.values():
                raise ValidationError(f"Invalid Lifecycle Transition: {given.get('LifecycleTransition')}")
            self.create_lifecycle_hook(name, group_name, None, None, None)
        hook = self.lifecycle_hooks[f"{group_name}_{name}"]
        hook.lifecycle_transition = given.get("LifecycleTransition", hook.lifecycle_transition)
        hook.heartbeat_timeout = int(given.get("HeartbeatTimeout", hook.heartbeat_timeout))
        hook.default_result = given.get("DefaultResult", hook.default_result)
        # https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html
        hook.global_timeout = min(100 * hook.heartbeat_timeout, 48 * 3600)
        hook.notification_target_arn = given.get("NotificationTargetARN")
        hook.notification_metadata = given.get("NotificationMetadata")
        hook.role_arn = given.get("RoleARN")

    def delete_lifecycle_hook(self, as_name, name):
        """What waits for it is completed first (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteLifecycleHook.html)."""
        group = self.group(as_name)
        super().delete_lifecycle_hook(as_name, name)
        for member in [member for member in group.instance_states if name in member.actions]:
            group.complete(member, name, "ABANDON" if member.lifecycle_state == "Pending:Wait" else "CONTINUE")

    def lifecycle_action(self, group_name, hook_name, instance_id, token):
        """The group, member and action that wait. The lab sends no notifications, in which tokens would be: callers name the instance."""
        group = self.group(group_name)
        for member in group.instance_states:
            action = member.actions.get(hook_name)
            if action and (token == action.token if token else instance_id == member.instance_id):
                return group, member, action
        whose = f"token {token}" if token else f"instance ID {instance_id}"
        raise ValidationError(f"No active Lifecycle Action found with {whose}")


autoscaling_backends.backend = Backend


def backends():
    """The one of each region that was asked so far."""
    return [backend for account in autoscaling_backends.values() for backend in account.values()]


def settle():
    for backend in backends():
        for group in list(backend.autoscaling_groups.values()):
            group.settle()
