"""moto's server, a stand-in for AWS, with what moto leaves out, and with other addresses than those that it makes up at random.

An interface without public address has no association; a rule's description is there too where it lets in a group; an instance's
groups are those of its interface; RunInstances heeds DisableApiTermination; a zone that is made with a VPC is private.

Private ones are free in their subnet, as EC2's are. Public ones are of PUBLIC_SUBNET, which leads to a lab's hosts and
never leaves this machine.
"""

import ipaddress
import os
import threading

from moto.ec2.models import elastic_ip_addresses, elastic_network_interfaces, instances, security_groups
from moto.ec2.responses.instances import InstanceResponse
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.route53.responses import Route53
from moto.server import main

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

run_instances = InstanceResponse.run_instances


def run_protected_instances(self):
    answer = run_instances(self)
    for instance in answer.result.instances:
        instance.disable_api_termination = self._get_param("DisableApiTermination") or False
    return answer


InstanceResponse.run_instances = run_protected_instances

get_bool_param = Route53._get_bool_param


def get_bool_param_of_private_zone(self, name, *args):
    is_private = name == "HostedZoneConfig.PrivateZone" and self._get_param("VPC.VPCId")
    return True if is_private else get_bool_param(self, name, *args)


Route53._get_bool_param = get_bool_param_of_private_zone

# moto's models are not made for threads: a request that iterates over what another one adds to fails, and its client asks again for what was done.
lock = threading.Lock()
dispatch = DomainDispatcherApplication.__call__


def dispatch_one_at_a_time(self, *args):
    with lock:
        return dispatch(self, *args)


DomainDispatcherApplication.__call__ = dispatch_one_at_a_time

main()

