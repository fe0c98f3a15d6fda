"""The instance metadata service, for whoever asks from an instance's private address
(https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html). The hop limit counts for nothing here."""

import datetime
import json

from werkzeug.wrappers import Response

from fleet import clock, groups, spot

token = "the-token-of-the-lab"


def iso(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def role_of(instance):
    association = instance.ec2_backend.iam_instance_profile_associations.get(instance.id)
    return association.iam_instance_profile.roles[0].name if association else None


def credentials():
    return json.dumps(
        {
            "Code": "Success",
            "Type": "AWS-HMAC",
            "LastUpdated": iso(clock.now()),
            "AccessKeyId": "instance",
            "SecretAccessKey": "test",
            "Token": "test",
            "Expiration": iso(clock.now() + datetime.timedelta(hours=6)),
        }
    )


def target_lifecycle_state(instance):
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html"""
    for backend in groups.backends():
        for group in backend.autoscaling_groups.values():
            for member in group.instance_states:
                if member.instance_id == instance.id:
                    return "Terminated" if member.lifecycle_state.startswith("Terminating") else "InService"
    return None


def instance_action(instance):
    time = spot.notices.get(instance.id)
    return time and json.dumps({"action": "terminate", "time": iso(time)})


def tags(instance):
    """Values by paths, where the instance may read its tags: of each, and of the list of their keys
    (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/work-with-tags-in-IMDS.html)."""
    if instance.metadata_options.instance_metadata_tags != "enabled":
        return {}
    there = {tag["key"]: tag["value"] for tag in instance.get_tags()}
    listed = {f"/meta-data/tags/instance{end}": "\n".join(there) for end in ("", "/")}
    return {**listed, **{f"/meta-data/tags/instance/{key}": value for key, value in there.items()}}


def read(path, instance):
    """What there is at a path, without its /latest; None where there is nothing."""
    role = role_of(instance)
    values = {
        "/meta-data/ami-id": lambda: instance.image_id,
        "/meta-data/instance-id": lambda: instance.id,
        "/meta-data/instance-life-cycle": lambda: instance.lifecycle or "on-demand",
        "/meta-data/instance-type": lambda: instance.instance_type,
        "/meta-data/local-ipv4": lambda: instance.private_ip,
        "/meta-data/placement/availability-zone": lambda: instance.availability_zone,
        "/meta-data/placement/region": lambda: instance.ec2_backend.region_name,
        "/meta-data/autoscaling/target-lifecycle-state": lambda: target_lifecycle_state(instance),
        "/meta-data/spot/instance-action": lambda: instance_action(instance),
        "/meta-data/iam/security-credentials/": lambda: role,
        f"/meta-data/iam/security-credentials/{role}": lambda: role and credentials(),
    }
    return values.get(path, lambda: tags(instance).get(path))()


def answer(environ, instances):
    path = environ["PATH_INFO"].removeprefix("/latest")
    asking = [each for each in instances if each.state == "running" and each.private_ip == environ["REMOTE_ADDR"]]
    if not asking:
        return Response(status=404)
    [instance] = asking
    if instance.metadata_options.http_endpoint == "disabled":
        return Response(status=403)
    if path == "/api/token":
        is_asked = environ["REQUEST_METHOD"] == "PUT" and "HTTP_X_AWS_EC2_METADATA_TOKEN_TTL_SECONDS" in environ
        return Response(token) if is_asked else Response(status=400)
    given = environ.get("HTTP_X_AWS_EC2_METADATA_TOKEN")
    if given != token and (given or instance.metadata_options.http_tokens == "required"):
        return Response(status=401)
    value = read(path, instance)
    return Response(status=404) if value is None else Response(value, mimetype="text/plain")
