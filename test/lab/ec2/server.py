"""moto's server, a stand-in for AWS, with what moto leaves out, and with other addresses than those that it makes up at random.

Auto scaling groups and launch templates are in fleet/. `/lab/` is what tests call, and AWS has not.

An interface without public address has no association; a rule's description is there too where it lets in a group; an instance's
groups are those of its interface; RunInstances and TerminateInstances heed DisableApiTermination; an interface is detached when its
instance is terminated; an image has the root device that it was registered with; a zone that is made with a VPC is private. Interfaces and
volumes that outlive their instance stay in use for a while after it is terminated: here until an instance was refused them once, so that
no test depends on time. They can be deleted at once.

Private ones are free in their subnet, as EC2's are. Public ones are of PUBLIC_SUBNET, which leads to a lab's hosts and
never leaves this machine.
"""

import collections
import functools
import ipaddress
import json
import os
import sys
import threading

from moto.autoscaling import urls as autoscaling_urls
from moto.core.exceptions import ServiceException
from moto.ec2 import ec2_backends
from moto.ec2.exceptions import EC2ClientError, InvalidInstanceIdError, OperationNotPermitted4
from moto.ec2.models import elastic_block_store, elastic_ip_addresses, elastic_network_interfaces, instances, security_groups
from moto.ec2.responses.amis import AmisResponse
from moto.ec2.responses.instances import InstanceResponse
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.route53.responses import Route53
from moto.server import main
from werkzeug.wrappers import Request, Response

# This folder is the repository's.
sys.dont_write_bytecode = True
from fleet import actions, groups, metadata, scaling, spot

public = ipaddress.ip_network(os.environ["PUBLIC_SUBNET"]).hosts()


def next_public():
    return str(next(public))


elastic_ip_addresses.random_ip = next_public
elastic_network_interfaces.random_public_ip = next_public

NetworkInterface = elastic_network_interfaces.NetworkInterface
init = NetworkInterface.__init__


def init_with_free_address(self, backend, subnet, private_ip_address, private_ip_addresses=None, *args, **kwargs):
    if isinstance(subnet, str):
        subnet = backend.get_subnet(subnet)
    if not private_ip_address and not private_ip_addresses:
        private_ip_address = subnet.get_available_subnet_ip(instance=self)
    init(self, backend, subnet, private_ip_address, private_ip_addresses, *args, **kwargs)


NetworkInterface.__init__ = init_with_free_address

association = NetworkInterface.association.fget
NetworkInterface.association = property(lambda self: association(self) or None)

security_groups.SecurityGroupRule.description = property(
    lambda rule: rule.ip_range.get("Description") or rule.source_group.get("Description")
)

prepare_interfaces = instances.Instance.prep_nics


def prepare_interfaces_and_groups(self, *args, **kwargs):
    prepare_interfaces(self, *args, **kwargs)
    self.security_groups = self.security_groups or list(self.nics[0].group_set)


instances.Instance.prep_nics = prepare_interfaces_and_groups


def get_instance(self, instance_id):
    """Without moto's copy of all reservations, which a thousand instances would be made with as often."""
    for reservation in self.reservations.values():
        for instance in reservation.instances:
            if instance.id == instance_id:
                return instance
    raise InvalidInstanceIdError(instance_id)


instances.InstanceBackend.get_instance = get_instance

register_image = AmisResponse.register_image


def register_image_with_root_device(self):
    answer = register_image(self)
    image = self.ec2_backend.amis[answer.result["ImageId"]]
    image.root_device_name = self._get_param("RootDeviceName") or image.root_device_name
    return answer


AmisResponse.register_image = register_image_with_root_device

terminate = instances.Instance.terminate


# Ids of what is still in use by an instance that is terminated.
in_use = set()


def terminate_and_detach(self):
    in_use.update(volume.volume_id for volume in self.block_device_mapping.values() if not volume.delete_on_termination)
    previous = terminate(self)
    for interface in self.nics.values():
        interface.instance = interface.attachment_id = interface.attach_time = None
        interface.status = "available"
        in_use.add(interface.id)
    return previous


instances.Instance.terminate = terminate_and_detach


def refuse_once(id, code, message):
    if id in in_use:
        in_use.remove(id)
        raise EC2ClientError(code, message)


attach_volume = elastic_block_store.EBSBackend.attach_volume


def attach_free_volume(self, volume_id, *args, **kwargs):
    refuse_once(volume_id, "VolumeInUse", f"{volume_id} is already attached to an instance")
    return attach_volume(self, volume_id, *args, **kwargs)


elastic_block_store.EBSBackend.attach_volume = attach_free_volume

run_instances = InstanceResponse.run_instances


def run_protected_instances(self):
    for interface in self._get_param("NetworkInterfaces", []):
        id = interface.get("NetworkInterfaceId")
        refuse_once(id, "InvalidNetworkInterface.InUse", f"Interface: [{id}] in use.")
    answer = run_instances(self)
    for instance in answer.result.instances:
        instance.disable_api_termination = self._get_param("DisableApiTermination") or False
    return answer


InstanceResponse.run_instances = run_protected_instances

terminate_instances = instances.InstanceBackend.terminate_instances


def terminate_unprotected_instances(self, instance_ids):
    for instance in self.get_multi_instances_by_id(instance_ids):
        # As it came in a request: moto compares it with True.
        if str(instance.disable_api_termination).lower() == "true":
            raise OperationNotPermitted4(instance.id)
    return terminate_instances(self, instance_ids)


instances.InstanceBackend.terminate_instances = terminate_unprotected_instances

get_bool_param = Route53._get_bool_param


def get_bool_param_of_private_zone(self, name, *args):
    is_private = name == "HostedZoneConfig.PrivateZone" and self._get_param("VPC.VPCId")
    return True if is_private else get_bool_param(self, name, *args)


Route53._get_bool_param = get_bool_param_of_private_zone

autoscaling_urls.url_paths["{0}/$"] = actions.Responses.dispatch


def all_instances():
    for account in ec2_backends.values():
        for backend in account.values():
            for reservation in backend.reservations.values():
                yield from reservation.instances


def interrupt(instance):
    found = [each for each in all_instances() if each.id == instance]
    if not found:
        raise InvalidInstanceIdError(instance)
    spot.interrupt(found[0])


lab_calls = {
    "/lab/tick": scaling.tick,
    "/lab/scheduled-action": scaling.fire_scheduled_action,
    "/lab/spot-interruption": interrupt,
}


def answer_test(environ):
    try:
        lab_calls[environ["PATH_INFO"]](**json.loads(Request(environ).get_data()))
        return Response()
    except ServiceException as error:
        return Response(error.message, status=400)


# moto's models are not made for threads: a request that iterates over what another one adds to fails.
lock = threading.Lock()
dispatch = DomainDispatcherApplication.__call__

# The last answers, by the id of a client's call. A client that has not got one asks again by the same id, for what was done.
answers = collections.OrderedDict()
kept_answers = 1000


def dispatch_once(self, environ, start_response):
    call = environ.get("HTTP_AMZ_SDK_INVOCATION_ID")
    path = environ["PATH_INFO"]
    with lock:
        spot.settle(all_instances())
        groups.settle()
        answer = answers.get(call)
        if path in lab_calls:
            answer = answer_test(environ)
        elif path.startswith("/latest/"):
            answer = metadata.answer(environ, all_instances())
        elif answer:
            print(f"asked again: {environ.get('HTTP_AMZ_SDK_REQUEST')}, answered as before", flush=True)
        else:
            answer = Response.from_app(functools.partial(dispatch, self), environ, buffered=True)
            if call and answer.status_code < 300:
                answers[call] = answer
            if len(answers) > kept_answers:
                answers.popitem(last=False)
    return answer(environ, start_response)


DomainDispatcherApplication.__call__ = dispatch_once

main()

