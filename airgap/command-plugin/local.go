package main

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"

	"github.com/gobwas/glob"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Process is how a command runs on this machine.
type Process struct {
	Interpreter            *[]string          `pulumi:"interpreter,optional"`
	Dir                    *string            `pulumi:"dir,optional"`
	Environment            *map[string]string `pulumi:"environment,optional"`
	Stdin                  *string            `pulumi:"stdin,optional"`
	Logging                *string            `pulumi:"logging,optional"`
	AddPreviousOutputInEnv *bool              `pulumi:"addPreviousOutputInEnv,optional"`
	AssetPaths             *[]string          `pulumi:"assetPaths,optional"`
	ArchivePaths           *[]string          `pulumi:"archivePaths,optional"`
}

// Produced is what it leaves.
type Produced struct {
	Streams
	Assets  *map[string]*types.AssetOrArchive `pulumi:"assets,optional"`
	Archive *resource.Archive                 `pulumi:"archive,optional"`
}

// LocalCommand runs its commands on this machine.
type LocalCommand struct{}

// Annotate names it as the SDK does.
func (c *LocalCommand) Annotate(a infer.Annotator) {
	a.SetToken("local", "Command")
}

// LocalInputs are its inputs.
type LocalInputs struct {
	Commands
	Process
}

// LocalState is what is kept of it.
type LocalState struct {
	LocalInputs
	Produced
}

// Create runs `create`, where there is one.
func (*LocalCommand) Create(
	ctx context.Context, request infer.CreateRequest[LocalInputs],
) (infer.CreateResponse[LocalState], error) {
	state := LocalState{LocalInputs: request.Inputs}
	id, err := resource.NewUniqueHex(request.Name, 8, 0)
	if err == nil && !request.DryRun && state.Create != nil {
		err = state.run(ctx, *state.Create, &state.Produced)
	}
	return infer.CreateResponse[LocalState]{ID: id, Output: state}, err
}

// Update runs `update`, or else `create`.
func (*LocalCommand) Update(
	ctx context.Context, request infer.UpdateRequest[LocalInputs, LocalState],
) (infer.UpdateResponse[LocalState], error) {
	state := LocalState{LocalInputs: request.Inputs, Produced: request.State.Produced}
	var err error
	if command := state.onUpdate(); command != nil && !request.DryRun {
		err = state.run(ctx, *command, &state.Produced)
	}
	return infer.UpdateResponse[LocalState]{Output: state}, err
}

// Delete runs `delete`, where there is one.
func (*LocalCommand) Delete(ctx context.Context, request infer.DeleteRequest[LocalState]) (infer.DeleteResponse, error) {
	state := request.State
	if state.Delete == nil {
		return infer.DeleteResponse{}, nil
	}
	return infer.DeleteResponse{}, state.run(ctx, *state.Delete, &state.Produced)
}

// Run is the function that runs a command whenever the program does, previews included.
type Run struct{}

// Annotate names it as the SDK does.
func (r *Run) Annotate(a infer.Annotator) {
	a.SetToken("local", "run")
}

// RunInputs are its arguments.
type RunInputs struct {
	Process
	Command string `pulumi:"command"`
}

// RunResult is what it returns.
type RunResult struct {
	RunInputs
	Produced
}

// Invoke runs the command.
func (*Run) Invoke(
	ctx context.Context, request infer.FunctionRequest[RunInputs],
) (infer.FunctionResponse[RunResult], error) {
	result := RunResult{RunInputs: request.Input}
	err := result.run(ctx, result.Command, &result.Produced)
	return infer.FunctionResponse[RunResult]{Output: result}, err
}

// run replaces what the previous command produced.
func (process Process) run(ctx context.Context, command string, produced *Produced) error {
	words := []string{"/bin/sh", "-c"}
	if process.Interpreter != nil && len(*process.Interpreter) > 0 {
		words = *process.Interpreter
	}
	cmd := exec.CommandContext(ctx, words[0], append(slices.Clone(words[1:]), command)...)
	var err error
	if process.Dir != nil {
		cmd.Dir = *process.Dir
	} else if cmd.Dir, err = os.Getwd(); err != nil {
		return err
	}
	cmd.Env = os.Environ()
	if process.Environment != nil {
		cmd.Env = appendTo(cmd.Env, *process.Environment)
	}
	cmd.Env = appendTo(cmd.Env, produced.previous(process.AddPreviousOutputInEnv))
	recorder := record(ctx, process.Logging)
	cmd.Stdin = stdinReader(process.Stdin)
	cmd.Stdout = &recorder.stdout
	cmd.Stderr = &recorder.stderr
	streams, err := recorder.result(command, cmd.Run())
	if err != nil {
		return err
	}
	if process.AssetPaths != nil {
		assets := map[string]*types.AssetOrArchive{}
		if err := findFiles(cmd.Dir, *process.AssetPaths, func(name string, file *resource.Asset) {
			assets[name] = &types.AssetOrArchive{Asset: file}
		}); err != nil {
			return err
		}
		produced.Assets = &assets
	}
	if process.ArchivePaths != nil {
		assets := map[string]any{}
		if err := findFiles(cmd.Dir, *process.ArchivePaths, func(name string, file *resource.Asset) {
			assets[name] = file
		}); err != nil {
			return err
		}
		if produced.Archive, err = resource.NewAssetArchive(assets); err != nil {
			return err
		}
	}
	produced.Streams = streams
	return nil
}

func appendTo(environment []string, variables map[string]string) []string {
	for name, value := range variables {
		environment = append(environment, name+"="+value)
	}
	return environment
}

// findFiles gives the files below a folder that match a pattern last, and not one that starts with "!".
func findFiles(dir string, patterns []string, found func(name string, file *resource.Asset)) error {
	globs := make([]glob.Glob, len(patterns))
	for i, pattern := range patterns {
		var err error
		if globs[i], err = glob.Compile(strings.TrimPrefix(pattern, "!"), '/'); err != nil {
			return err
		}
	}
	return fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		for i := len(globs) - 1; i >= 0; i-- {
			if !globs[i].Match(name) {
				continue
			}
			if strings.HasPrefix(patterns[i], "!") {
				return nil
			}
			file, err := resource.NewPathAsset(path.Join(dir, name))
			if err == nil {
				found(name, file)
			}
			return err
		}
		return nil
	})
}
