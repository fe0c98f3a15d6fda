"""Launch templates, and what a group launches by them: all that a version says, of the version that the group names."""

import re

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.utils import convert_tag_spec, filter_iam_instance_profiles, parse_user_data

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html, before it is encoded
user_data_bytes = 16384

create_version = LaunchTemplate.create_version


def create_version_with_user_data(self, data, description):
    """moto leaves the user data of versions after the first a plain string, on which it fails when it launches. And it puts the tags of the
    template itself among those of what is launched, where Terraform would take them for a change from outside."""
    user_data = data.get("UserData")
    if isinstance(user_data, str):
        user_data = data["UserData"] = parse_user_data(user_data)
    if user_data and len(user_data.decode("latin-1")) > user_data_bytes:
        raise EC2ClientError("InvalidParameterValue", f"User data is limited to {user_data_bytes} bytes")
    launched = [each for each in data.pop("TagSpecifications", []) if each.get("ResourceType") != "launch-template"]
    if launched:
        data["TagSpecifications"] = launched
    return create_version(self, data, description)


LaunchTemplate.create_version = create_version_with_user_data


def block_devices(ec2, data):
    """The template's, and the image's root device where the template does not name it."""
    mappings = [mapping for mapping in data.get("BlockDeviceMappings", []) if "Ebs" in mapping]
    images = ec2.describe_images(ami_ids=[data["ImageId"]])
    root = images[0].root_device_name or "/dev/sda1"
    named = {mapping["DeviceName"] for mapping in mappings}
    mappings = mappings if root in named else [{"DeviceName": root, "Ebs": {}}, *mappings]
    defaults = {root: {"VolumeSize": 8, "DeleteOnTermination": True}}
    return [{**mapping, "Ebs": {**defaults.get(mapping["DeviceName"], {}), **mapping["Ebs"]}} for mapping in mappings]


def check_readable(keys):
    """Where an instance may read its tags, EC2 launches none whose keys have a slash or a space
    (https://github.com/kubernetes/cloud-provider-aws/issues/436)."""
    for key in keys:
        if not re.fullmatch(r"[0-9a-zA-Z\-_+=,.@:]{1,255}", key) or key in (".", "..", "_index"):
            raise EC2ClientError(
                "InvalidParameterValue",
                f"'{key}' is not a valid tag key. Tag keys must match pattern ([0-9a-zA-Z\\-_+=,.@:]{{1,255}}), and must not be a reserved"
                " name ('.', '..', '_index')",
            )


def launch(ec2, version, subnet, instance_type, is_spot, tags):
    """Launches an instance into a subnet; tags of the group go before those of the template."""
    data = version.data
    specified = convert_tag_spec(data.get("TagSpecifications", []))
    metadata_options = data.get("MetadataOptions", {})
    if metadata_options.get("InstanceMetadataTags") == "enabled":
        check_readable({**specified.get("instance", {}), **tags})
    profile = data.get("IamInstanceProfile", {})
    by_profile = {"iam_instance_profile_name": profile.get("Name"), "iam_instance_profile_arn": profile.get("Arn")}
    if profile:
        filter_iam_instance_profiles(ec2.account_id, partition=ec2.partition, **by_profile)
    is_spot = is_spot or data.get("InstanceMarketOptions", {}).get("MarketType") == "spot"
    try:
        reservation = ec2.run_instances(
            data["ImageId"],
            1,
            data.get("UserData"),
            [],
            launch_template={"LaunchTemplateId": version.template.id, "Version": str(version.number)},
            instance_type=instance_type,
            is_instance_type_default=False,
            region_name=ec2.region_name,
            subnet_id=subnet.id,
            associate_public_ip=None,
            nics=[
                {"DeleteOnTermination": True, **interface, "SubnetId": subnet.id}
                for interface in data.get("NetworkInterfaces", [{"DeviceIndex": 0}])
            ],
            metadata_options=metadata_options,
            block_device_mappings=block_devices(ec2, data),
            instance_market_options="spot" if is_spot else None,
            instance_initiated_shutdown_behavior=data.get("InstanceInitiatedShutdownBehavior"),
            tags={"instance": tags, "volume": specified.get("volume", {})},
        )
    except (StopIteration, RuntimeError):
        # moto has no more addresses.
        raise EC2ClientError(
            "InsufficientFreeAddressesInSubnet",
            f"There are not enough free addresses in subnet '{subnet.id}' to satisfy the requested number of instances.",
        )
    [instance] = reservation.instances
    if profile:
        ec2.associate_iam_instance_profile(instance.id, **by_profile)
    return instance
