"""Interruptions of spot instances: two minutes after the notice EC2 terminates the instance
(https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html)."""

import datetime

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import StateReason

from fleet import clock, groups

# When each of the instances ends.
notices = {}


def interrupt(instance):
    if instance.lifecycle != "spot":
        raise EC2ClientError("InvalidParameterValue", f"{instance.id} is no spot instance")
    notices.setdefault(instance.id, clock.now() + datetime.timedelta(minutes=2))
    for backend in groups.backends():
        for group in backend.autoscaling_groups.values():
            for member in group.kept:
                if member.instance_id == instance.id and group.capacity_rebalance:
                    # With Capacity Rebalancing the group replaces it, through the hooks, before it is gone; without, after.
                    group.terminate(
                        member,
                        f"At {clock.stamp()} an instance was taken out of service in response to an EC2 instance rebalance recommendation.",
                    )
                    group.converge()


def settle(instances):
    for instance in instances:
        if instance.id in notices and clock.now() >= notices[instance.id]:
            del notices[instance.id]
            if instance.state != "terminated":
                groups.terminate([instance])
                instance.state_reason = StateReason(
                    "Server.SpotInstanceTermination: Spot instance termination", "Server.SpotInstanceTermination"
                )
