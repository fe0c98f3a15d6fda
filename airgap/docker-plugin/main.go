// Command pulumi-resource-docker is the docker provider for @pulumi/docker: Pulumi's Terraform bridge over the same
// upstream provider that the vendor's plugin wraps. The schema is left empty, as Node.js programs bring their own SDK.
package main

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	tks "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	upstream "github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// version is that of the SDK which it serves, set when it is built.
var version = "0.0.0"

func main() {
	tok := func(n string) tokens.Type { return tfbridge.MakeResource("docker", "index", n) }
	info := tfbridge.ProviderInfo{
		P:       shimv2.NewProvider(upstream.New(version)()),
		Name:    "docker",
		Version: version,
		Config: map[string]*tfbridge.SchemaInfo{
			"host":          {Default: &tfbridge.DefaultInfo{EnvVars: []string{"DOCKER_HOST"}, Value: "unix:///var/run/docker.sock"}},
			"registry_auth": {Name: "registryAuth", MaxItemsOne: tfbridge.False()},
		},
		Resources: map[string]*tfbridge.ResourceInfo{
			"docker_container": {Tok: tok("Container"), DeleteBeforeReplace: true, Fields: map[string]*tfbridge.SchemaInfo{
				"command":           {Name: "command"},
				"networks_advanced": {Name: "networksAdvanced"},
			}},
			"docker_image":  {Tok: tok("RemoteImage"), Fields: map[string]*tfbridge.SchemaInfo{"name": {Name: "name"}}},
			"docker_config": {Tok: tok("ServiceConfig")},
		},
	}
	info.MustComputeTokens(tks.SingleModule("docker_", "index", tks.MakeStandard("docker")))
	info.SetAutonaming(255, "-")
	tfbridge.Main("docker", version, info, []byte(`{"name":"docker"}`))
}
