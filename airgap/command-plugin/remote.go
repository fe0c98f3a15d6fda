package main

import (
	"context"
	"fmt"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"golang.org/x/crypto/ssh"
)

// RemoteCommand runs its commands over SSH.
type RemoteCommand struct{}

// Annotate names it as the SDK does.
func (c *RemoteCommand) Annotate(a infer.Annotator) {
	a.SetToken("remote", "Command")
}

// RemoteInputs are its inputs.
type RemoteInputs struct {
	Commands
	Connection             *Connection       `pulumi:"connection" provider:"secret"`
	Environment            map[string]string `pulumi:"environment,optional"`
	Stdin                  *string           `pulumi:"stdin,optional"`
	Logging                *string           `pulumi:"logging,optional"`
	AddPreviousOutputInEnv *bool             `pulumi:"addPreviousOutputInEnv,optional"`
}

// RemoteState is what is kept of it.
type RemoteState struct {
	RemoteInputs
	Streams
}

// Create runs `create`, where there is one.
func (*RemoteCommand) Create(
	ctx context.Context, request infer.CreateRequest[RemoteInputs],
) (infer.CreateResponse[RemoteState], error) {
	state := RemoteState{RemoteInputs: request.Inputs}
	id, err := resource.NewUniqueHex(request.Name, 8, 0)
	if err == nil && !request.DryRun {
		err = state.run(ctx, state.Create)
	}
	return infer.CreateResponse[RemoteState]{ID: id, Output: state}, err
}

// Update runs `update`, or else `create`.
func (*RemoteCommand) Update(
	ctx context.Context, request infer.UpdateRequest[RemoteInputs, RemoteState],
) (infer.UpdateResponse[RemoteState], error) {
	state := RemoteState{RemoteInputs: request.Inputs, Streams: request.State.Streams}
	var err error
	if !request.DryRun {
		err = state.run(ctx, state.onUpdate())
	}
	return infer.UpdateResponse[RemoteState]{Output: state}, err
}

// Delete runs `delete`, where there is one, with the inputs that were kept.
func (*RemoteCommand) Delete(ctx context.Context, request infer.DeleteRequest[RemoteState]) (infer.DeleteResponse, error) {
	return infer.DeleteResponse{}, request.State.run(ctx, request.State.Delete)
}

// run leaves the outputs as they are where there is no command.
func (s *RemoteState) run(ctx context.Context, command *string) error {
	if command == nil {
		return nil
	}
	client, err := s.Connection.dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return err
	}
	defer session.Close()
	if err := s.setEnvironment(ctx, session); err != nil {
		return err
	}
	recorder := record(ctx, s.Logging)
	session.Stdin = stdinReader(s.Stdin)
	session.Stdout = &recorder.stdout
	session.Stderr = &recorder.stderr
	streams, err := recorder.result(*command, session.Run(*command))
	if err != nil {
		return err
	}
	s.Streams = streams
	return nil
}

// setEnvironment fails where the server does not accept what was asked for. The previous outputs, which were not, it
// only warns of.
func (s *RemoteState) setEnvironment(ctx context.Context, session *ssh.Session) error {
	const why = "Unable to set '%s'. This only works if your SSH server is configured to accept these variables via " +
		"AcceptEnv. Alternatively, if a Bash-like shell runs the command on the remote host, you could prefix the " +
		"command itself with the variables in the form 'VAR=value command'"
	for name, value := range s.Environment {
		if err := session.Setenv(name, value); err != nil {
			p.GetLogger(ctx).Errorf(why, name)
			return fmt.Errorf("could not set environment variable %q: %w", name, err)
		}
	}
	for name, value := range s.previous(s.AddPreviousOutputInEnv) {
		if err := session.Setenv(name, value); err != nil {
			p.GetLogger(ctx).Warningf(why, name)
		}
	}
	return nil
}
