// Command pulumi-resource-command stands in for pulumi-command's plugin, for airgap machines: the resources and the
// function of @pulumi/command that a program here may use, with the same inputs, outputs, order of things and errors.
package main

import (
	"context"
	"fmt"
	"os"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// version is that of the SDK which it serves, set when it is built.
var version = "0.0.0"

func provider() (p.Provider, error) {
	served, err := infer.NewProviderBuilder().
		WithResources(
			infer.Resource(&LocalCommand{}),
			infer.Resource(&RemoteCommand{}),
			infer.Resource(&CopyToRemote{}),
		).
		WithFunctions(infer.Function(&Run{})).
		Build()
	served.Diff = hidingUnknownSecrets(served.Diff)
	return served, err
}

type differ func(context.Context, p.DiffRequest) (p.DiffResponse, error)

// hidingUnknownSecrets leaves out of a preview, as the SDK in the vendor's plugin does, that a secret may change: most
// of all a connection to a host which is not known yet.
func hidingUnknownSecrets(diff differ) differ {
	return func(ctx context.Context, request p.DiffRequest) (p.DiffResponse, error) {
		for name, value := range request.Inputs.All {
			if old, ok := request.OldInputs.GetOk(name); ok && value.IsComputed() && value.Secret() {
				request.Inputs = request.Inputs.Set(name, old)
			}
		}
		return diff(ctx, request)
	}
}

func main() {
	served, err := provider()
	if err == nil {
		err = served.Run(context.Background(), "command", version)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
