// Command pulumi-resource-aws stands in for the vendor's plugin for @pulumi/aws 7.x where that is not served: Pulumi's
// Terraform bridge over HashiCorp's own provider binary, for the types in the tables below alone.
//
// The vendor's 7.x wraps the provider's 6.x; this runs 5.x. So no resource has an argument or an output `region`. The argument
// primaryNetworkInterface of an Instance becomes networkInterfaces, and there is no such output. A protected Instance is not
// deleted, as 6.x does not either. Whatever argument 5.x does not know is refused by name.
// Policies are JSON in strings, not objects. Where no name is set, a KeyPair's is the provider's, not the resource's.
// The schema is left empty, as Node.js programs bring their own SDK.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/provider"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	// Internal to the bridge: this module's path is chosen so that Go lets it import this.
	"github.com/pulumi/pulumi-terraform-bridge/v3/dynamic/internal/shim/run"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/proto"
	pfbridge "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/info"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	"github.com/pulumi/pulumi-terraform-bridge/v3/unstable/propertyvalue"
)

// version is that of the SDK which it serves, set when it is built.
var version = "0.0.0"

// resources are the types that programs may use: the provider's name, and module and type in @pulumi/aws.
var resources = map[string]string{
	"aws_autoscaling_group":               "autoscaling/Group",
	"aws_autoscaling_lifecycle_hook":      "autoscaling/LifecycleHook",
	"aws_autoscaling_policy":              "autoscaling/Policy",
	"aws_autoscaling_schedule":            "autoscaling/Schedule",
	"aws_cloudwatch_log_group":            "cloudwatch/LogGroup",
	"aws_default_security_group":          "ec2/DefaultSecurityGroup",
	"aws_ebs_volume":                      "ebs/Volume",
	"aws_eip":                             "ec2/Eip",
	"aws_flow_log":                        "ec2/FlowLog",
	"aws_iam_instance_profile":            "iam/InstanceProfile",
	"aws_iam_role":                        "iam/Role",
	"aws_iam_role_policy":                 "iam/RolePolicy",
	"aws_instance":                        "ec2/Instance",
	"aws_internet_gateway":                "ec2/InternetGateway",
	"aws_key_pair":                        "ec2/KeyPair",
	"aws_launch_template":                 "ec2/LaunchTemplate",
	"aws_nat_gateway":                     "ec2/NatGateway",
	"aws_network_interface":               "ec2/NetworkInterface",
	"aws_route":                           "ec2/Route",
	"aws_route53_record":                  "route53/Record",
	"aws_route53_zone":                    "route53/Zone",
	"aws_route_table":                     "ec2/RouteTable",
	"aws_route_table_association":         "ec2/RouteTableAssociation",
	"aws_security_group":                  "ec2/SecurityGroup",
	"aws_subnet":                          "ec2/Subnet",
	"aws_volume_attachment":               "ec2/VolumeAttachment",
	"aws_vpc":                             "ec2/Vpc",
	"aws_vpc_endpoint":                    "ec2/VpcEndpoint",
	"aws_vpc_security_group_egress_rule":  "vpc/SecurityGroupEgressRule",
	"aws_vpc_security_group_ingress_rule": "vpc/SecurityGroupIngressRule",
}

var dataSources = map[string]string{
	"aws_subnet": "ec2/getSubnet",
}

// fields are named otherwise in @pulumi/aws than the bridge would by itself.
var fields = map[string]map[string]*info.Schema{
	"aws_default_security_group": {"ingress": {Name: "ingress"}, "egress": {Name: "egress"}},
	"aws_security_group":         {"ingress": {Name: "ingress"}, "egress": {Name: "egress"}},
}

// The provider does not tell that of these there is one at most.
var config = map[string]*info.Schema{
	"assume_role_with_web_identity": {MaxItemsOne: tfbridge.True()},
	"default_tags":                  {MaxItemsOne: tfbridge.True()},
	"ignore_tags":                   {MaxItemsOne: tfbridge.True()},
}

var instance = tokens.Type(token("ec2/Instance"))

// token of "ec2/Vpc": aws:ec2/vpc:Vpc
func token(name string) string {
	module, name, _ := strings.Cut(name, "/")
	return fmt.Sprintf("aws:%s/%s:%s", module, strings.ToLower(name[:1])+name[1:], name)
}

// binary is the provider's: that which the environment names, else that which `airgap/install aws` linked beside this program.
func binary() (string, error) {
	const name = "TERRAFORM_PROVIDER_AWS"
	if path := os.Getenv(name); path != "" {
		return path, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(self), "terraform-provider-aws")
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%w: run airgap/install aws, or name a terraform-provider-aws of 5.x in %s", err, name)
	}
	return path, nil
}

func main() {
	if err := serve(context.Background()); err != nil {
		cmdutil.ExitError(err.Error())
	}
}

func serve(ctx context.Context) error {
	path, err := binary()
	if err != nil {
		return err
	}
	upstream, err := run.LocalProvider(ctx, path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer upstream.Close()
	bridged := bridge(proto.New(ctx, upstream))
	return provider.Main("aws", func(host *provider.HostClient) (pulumirpc.ResourceProviderServer, error) {
		metadata := pfbridge.ProviderMetadata{PackageSchema: []byte(`{"name":"aws"}`)}
		server, err := pfbridge.NewProviderServer(ctx, host, bridged, metadata)
		return inClear{strict{server, bridged}}, err
	})
}

func bridge(upstream shim.Provider) info.Provider {
	bridged := info.Provider{
		P:            upstream,
		Name:         "aws",
		Version:      version,
		Config:       config,
		Resources:    map[string]*info.Resource{},
		DataSources:  map[string]*info.DataSource{},
		MetadataInfo: &info.Metadata{Data: tfbridge.ProviderMetadata(nil)},
	}
	for name, as := range resources {
		bridged.Resources[name] = &info.Resource{Tok: tokens.Type(token(as)), Fields: fields[name]}
	}
	for name, as := range dataSources {
		bridged.DataSources[name] = &info.DataSource{Tok: tokens.ModuleMember(token(as))}
	}
	ignore := func(name string, _ shim.Resource) bool {
		bridged.IgnoreMappings = append(bridged.IgnoreMappings, name)
		return true
	}
	upstream.ResourcesMap().Range(ignore)
	upstream.DataSourcesMap().Range(ignore)
	bridged.SetAutonaming(255, "-")
	return bridged
}

// strict refuses arguments that the provider does not know, which the bridge drops without a word. And it does what 6.x does otherwise.
type strict struct {
	pulumirpc.ResourceProviderServer
	bridged info.Provider
}

func (s strict) Check(ctx context.Context, request *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	wanted := resource.URN(request.Urn).Type()
	if wanted == instance {
		request.News = withEmptyBlocks(withFormerInterface(request.News))
	}
	for name, known := range s.bridged.Resources {
		if known.Tok != wanted {
			continue
		}
		schema := s.bridged.P.ResourcesMap().Get(name).Schema()
		if failures, err := unknown(request.News, schema, known.Fields); err != nil || failures != nil {
			return &pulumirpc.CheckResponse{Inputs: request.News, Failures: failures}, err
		}
	}
	return s.ResourceProviderServer.Check(ctx, request)
}

// withFormerInterface gives an Instance's primaryNetworkInterface the form that 5.x knows. Where that cannot be done, it stays, and is refused.
func withFormerInterface(arguments *structpb.Struct) *structpb.Struct {
	const current, former, id = "primaryNetworkInterface", "networkInterfaces", "networkInterfaceId"
	primary := arguments.GetFields()[current].GetStructValue().GetFields()
	if _, both := arguments.GetFields()[former]; both || len(primary) != 1 || primary[id] == nil {
		return arguments
	}
	fields := maps.Clone(arguments.GetFields())
	delete(fields, current)
	first := map[string]*structpb.Value{"deviceIndex": structpb.NewNumberValue(0), id: primary[id]}
	fields[former] = structpb.NewListValue(&structpb.ListValue{
		Values: []*structpb.Value{structpb.NewStructValue(&structpb.Struct{Fields: first})},
	})
	return &structpb.Struct{Fields: fields}
}

// withEmptyBlocks gives an Instance without data volumes of its own an empty list of them, as Terraform does. Without it, 5.x panics when it
// updates an instance that a volume is attached to.
func withEmptyBlocks(arguments *structpb.Struct) *structpb.Struct {
	const blocks = "ebsBlockDevices"
	if _, given := arguments.GetFields()[blocks]; given {
		return arguments
	}
	fields := maps.Clone(arguments.GetFields())
	fields[blocks] = structpb.NewListValue(&structpb.ListValue{})
	return &structpb.Struct{Fields: fields}
}

// Delete refuses what EC2 itself refuses. 5.x turns an instance's protection off before it terminates it, 6.x does not.
func (s strict) Delete(ctx context.Context, request *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	isProtected := request.GetProperties().GetFields()["disableApiTermination"].GetBoolValue()
	if resource.URN(request.Urn).Type() == instance && isProtected {
		return nil, fmt.Errorf("OperationNotPermitted: The instance '%s' may not be terminated. "+
			"Modify its 'disableApiTermination' instance attribute and try again", request.Id)
	}
	return s.ResourceProviderServer.Delete(ctx, request)
}

func (s strict) Invoke(ctx context.Context, request *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	for name, known := range s.bridged.DataSources {
		if string(known.Tok) != request.Tok {
			continue
		}
		schema := s.bridged.P.DataSourcesMap().Get(name).Schema()
		if failures, err := unknown(request.Args, schema, known.Fields); err != nil || failures != nil {
			return &pulumirpc.InvokeResponse{Failures: failures}, err
		}
	}
	return s.ResourceProviderServer.Invoke(ctx, request)
}

func unknown(
	arguments *structpb.Struct, schema shim.SchemaMap, fields map[string]*info.Schema,
) ([]*pulumirpc.CheckFailure, error) {
	properties, err := plugin.UnmarshalProperties(arguments, plugin.MarshalOptions{KeepUnknowns: true})
	if err != nil {
		return nil, err
	}
	var failures []*pulumirpc.CheckFailure
	visit := func(path resource.PropertyPath, value resource.PropertyValue) (resource.PropertyValue, error) {
		internal := len(path) > 0 && strings.HasPrefix(fmt.Sprint(path[0]), "__")
		if len(path) > 0 && !internal && tfbridge.PropertyPathToSchemaPath(path, schema, fields) == nil {
			failures = append(failures, &pulumirpc.CheckFailure{
				Property: path.String(),
				Reason:   fmt.Sprintf("terraform-provider-aws does not know %s (airgap/README.md)", path),
			})
		}
		return value, nil
	}
	_, err = propertyvalue.TransformPropertyValue(nil, visit, resource.NewObjectProperty(properties))
	slices.SortFunc(failures, func(a, b *pulumirpc.CheckFailure) int { return strings.Compare(a.Property, b.Property) })
	return failures, err
}
