"""Actions of EC2 Auto Scaling that moto does not have, or whose parameters it leaves out."""

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from fleet import refreshes, scaling


class Responses(AutoScalingResponse):
    @property
    def group(self):
        return self.autoscaling_backend.group(self._get_param("AutoScalingGroupName"))

    def page(self, name, items, default, most=100):
        """As many as the caller wants, or as AWS gives; a token is the number of those before."""
        start = int(self._get_param("NextToken") or 0)
        end = start + min(self._get_int_param("MaxRecords") or default, most)
        return ActionResult({name: items[start:end], "NextToken": str(end) if end < len(items) else None})

    def create_auto_scaling_group(self):
        self.check_termination_policies()
        answer = super().create_auto_scaling_group()
        self.set_further()
        # The first instances wait for them too.
        for hook in self._get_param("LifecycleHookSpecificationList", []):
            self.autoscaling_backend.put_lifecycle_hook(self.group.name, hook)
        self.group.start()
        return answer

    def update_auto_scaling_group(self):
        self.check_termination_policies()
        answer = super().update_auto_scaling_group()
        self.set_further()
        return answer

    def check_termination_policies(self):
        if self._get_param("TerminationPolicies", ["Default"]) != ["Default"]:
            raise ValidationError("the lab knows the termination policy Default alone")

    def set_further(self):
        """What moto leaves out."""
        group = self.group
        warmup = self._get_int_param("DefaultInstanceWarmup")
        if warmup is not None:
            group.default_instance_warmup = None if warmup == -1 else warmup
        cooldown = self._get_int_param("DefaultCooldown")
        if cooldown is not None:
            group.default_cooldown = cooldown
        group.capacity_rebalance = self._get_bool_param("CapacityRebalance", group.capacity_rebalance)

    def delete_auto_scaling_group(self):
        self.autoscaling_backend.delete_auto_scaling_group(self.group.name, self._get_bool_param("ForceDelete", False))
        return EmptyResult()

    def describe_auto_scaling_instances(self):
        instances = self.autoscaling_backend.describe_auto_scaling_instances(self._get_param("InstanceIds", []))
        # https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingInstances.html
        return self.page("AutoScalingInstances", instances, 50, 50)

    def describe_scaling_activities(self):
        name, ids = self._get_param("AutoScalingGroupName"), self._get_param("ActivityIds", [])
        groups = [self.group] if name else self.autoscaling_backend.autoscaling_groups.values()
        activities = [activity for group in groups for activity in group.activities]
        return self.page("Activities", [activity for activity in activities if not ids or activity["ActivityId"] in ids], 100)

    def put_lifecycle_hook(self):
        self.autoscaling_backend.put_lifecycle_hook(self.group.name, self._get_params())
        return EmptyResult()

    def lifecycle_action(self):
        asked = ("LifecycleHookName", "InstanceId", "LifecycleActionToken")
        return self.autoscaling_backend.lifecycle_action(self.group.name, *(self._get_param(name) for name in asked))

    def complete_lifecycle_action(self):
        result = self._get_param("LifecycleActionResult")
        if result not in ("CONTINUE", "ABANDON"):
            raise ValidationError(f"Invalid Lifecycle Action Result: {result}")
        group, member, action = self.lifecycle_action()
        group.complete(member, action.hook.name, result)
        group.settle()
        return EmptyResult()

    def record_lifecycle_action_heartbeat(self):
        _, _, action = self.lifecycle_action()
        action.heartbeat()
        return EmptyResult()

    def start_instance_refresh(self):
        desired = self._get_params().get("DesiredConfiguration", {})
        if desired:
            group = self.group
            group.mixed_instances_policy = desired.get("MixedInstancesPolicy")
            group._set_launch_configuration(None, desired.get("LaunchTemplate"), group.mixed_instances_policy)
        refresh = refreshes.start(self.group, self._get_params().get("Preferences", {}))
        return ActionResult({"InstanceRefreshId": refresh.id})

    def cancel_instance_refresh(self):
        return ActionResult({"InstanceRefreshId": refreshes.cancel(self.group).id})

    def describe_instance_refreshes(self):
        ids = self._get_param("InstanceRefreshIds", [])
        found = [refresh.describe() for refresh in self.group.refreshes if not ids or refresh.id in ids]
        return self.page("InstanceRefreshes", found, 50)

    def put_scheduled_update_group_action(self):
        scaling.check_scheduled_action(*(self._get_int_param(name) for name in ("MinSize", "MaxSize", "DesiredCapacity")))
        return super().put_scheduled_update_group_action()

    def put_scaling_policy(self):
        tracked = self._get_params().get("TargetTrackingConfiguration")
        tracking = tracked and scaling.Tracking(self.group, self._get_params())
        answer = super().put_scaling_policy()
        policy = self.autoscaling_backend.policies[self._get_param("PolicyName")]
        # As AWS describes it: Terraform would put it again each time.
        policy.enabled = self._get_bool_param("Enabled", True)
        policy.predictive_scaling_configuration = policy.predictive_scaling_configuration or None
        if tracking:
            policy.tracking = tracking
            policy.alarms = [{"AlarmName": name} for name in tracking.alarms.values()]
            answer.result["Alarms"] = policy.alarms
        return answer
