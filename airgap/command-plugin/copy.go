package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/pkg/sftp"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// CopyToRemote writes a file, a text or a folder to a machine. What is deleted here stays there.
type CopyToRemote struct{}

// Annotate names it as the SDK does.
func (c *CopyToRemote) Annotate(a infer.Annotator) {
	a.SetToken("remote", "CopyToRemote")
}

// CopyInputs are its inputs.
type CopyInputs struct {
	Connection *Connection          `pulumi:"connection" provider:"secret"`
	Triggers   *[]any               `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Source     types.AssetOrArchive `pulumi:"source"`
	RemotePath string               `pulumi:"remotePath"`
}

// CopyState is what is kept of it.
type CopyState struct {
	CopyInputs
}

func (c *CopyInputs) hash() string {
	if c.Source.Archive != nil {
		return c.Source.Archive.Hash
	}
	return c.Source.Asset.Hash
}

// Check allows what can be copied as it is: a path on this machine, or a text.
func (*CopyToRemote) Check(
	ctx context.Context, request infer.CheckRequest,
) (infer.CheckResponse[CopyInputs], error) {
	inputs, failures, err := infer.DefaultCheck[CopyInputs](ctx, request.NewInputs)
	if err != nil {
		return infer.CheckResponse[CopyInputs]{Inputs: inputs, Failures: failures}, err
	}
	fail := func(property, reason string) {
		failures = append(failures, p.CheckFailure{Property: property, Reason: reason})
	}
	asset, archive := inputs.Source.Asset, inputs.Source.Archive
	if asset == nil && archive == nil {
		fail("asset", "either asset or archive must be set")
	}
	if asset != nil && archive != nil {
		fail("asset", "only one of asset or archive can be set")
	}
	if asset != nil && !asset.IsPath() && !asset.IsText() {
		fail("asset", "asset must be a path-based file asset or a text asset")
	}
	if archive != nil && !archive.IsPath() {
		fail("archive", "archive must be a path to a file or directory")
	}
	return infer.CheckResponse[CopyInputs]{Inputs: inputs, Failures: failures}, nil
}

// Create copies.
func (*CopyToRemote) Create(
	ctx context.Context, request infer.CreateRequest[CopyInputs],
) (infer.CreateResponse[CopyState], error) {
	state := CopyState{request.Inputs}
	if request.DryRun {
		return infer.CreateResponse[CopyState]{Output: state}, nil
	}
	id, err := resource.NewUniqueHex("", 8, 0)
	if err == nil {
		err = state.copy(ctx)
	}
	return infer.CreateResponse[CopyState]{ID: id, Output: state}, err
}

// Update copies again where the content or the destination is another. A changed connection alone does not.
func (*CopyToRemote) Update(
	ctx context.Context, request infer.UpdateRequest[CopyInputs, CopyState],
) (infer.UpdateResponse[CopyState], error) {
	state := CopyState{request.Inputs}
	var err error
	if !request.DryRun && (state.hash() != request.State.hash() || state.RemotePath != request.State.RemotePath) {
		err = state.copy(ctx)
	}
	return infer.UpdateResponse[CopyState]{Output: state}, err
}

func (c *CopyInputs) copy(ctx context.Context) error {
	client, err := c.Connection.dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	session, err := sftp.NewClient(client, sftp.UseConcurrentWrites(true))
	if err != nil {
		return err
	}
	defer session.Close()
	remote := remoteFiles{session}
	switch {
	case c.Source.Archive != nil:
		return remote.copyPath(c.Source.Archive.Path, c.RemotePath)
	case c.Source.Asset.IsText():
		return remote.writeText(c.Source.Asset.Text, c.RemotePath)
	default:
		return remote.copyPath(c.Source.Asset.Path, c.RemotePath)
	}
}

type remoteFiles struct{ *sftp.Client }

// stat gives nil for what is not there.
func (r remoteFiles) stat(name string) (fs.FileInfo, error) {
	info, err := r.Stat(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("failed to stat remote path %s: %w", name, err)
	}
	return info, nil
}

func (r remoteFiles) makeParents(name string) error {
	if err := r.MkdirAll(path.Dir(name)); err != nil {
		return fmt.Errorf("failed to create parent directories for %s: %w", name, err)
	}
	return nil
}

func (r remoteFiles) makeFolder(name string) error {
	info, err := r.stat(name)
	if err != nil {
		return err
	}
	if info != nil && !info.IsDir() {
		return fmt.Errorf("remote path %s exists but is not a directory", name)
	}
	if info == nil {
		if err := r.Mkdir(name); err != nil {
			return fmt.Errorf("failed to create remote directory %s: %w", name, err)
		}
	}
	return nil
}

func (r remoteFiles) write(from io.Reader, what, name string) error {
	file, err := r.Create(name)
	if err != nil {
		return fmt.Errorf("failed to create remote file %s: %w", name, err)
	}
	defer file.Close()
	if _, err := file.ReadFrom(from); err != nil {
		return fmt.Errorf("failed to %s to remote path %s: %w", what, name, err)
	}
	return nil
}

func (r remoteFiles) writeText(text, name string) error {
	info, err := r.stat(name)
	if err != nil {
		return err
	}
	if info != nil && info.IsDir() {
		return fmt.Errorf("remote path %s is a directory; when using a text asset, remotePath must be a file path", name)
	}
	if err := r.makeParents(name); err != nil {
		return err
	}
	return r.write(strings.NewReader(text), "write text content", name)
}

func (r remoteFiles) copyFile(source, name string) error {
	file, err := os.Open(source)
	if err != nil {
		return err
	}
	defer file.Close()
	return r.write(file, "copy file "+source, name)
}

// copyPath puts a file or a folder into a folder that is there. Else a file gets the destination's name, while a folder
// is put into a new folder of that name; with a trailing slash only what is in it.
func (r remoteFiles) copyPath(source, destination string) error {
	local, err := os.Stat(source)
	if err != nil {
		return err
	}
	there, err := r.stat(destination)
	if err != nil {
		return err
	}
	into := filepath.Join(destination, filepath.Base(source))
	if !local.IsDir() {
		if there != nil && there.IsDir() {
			return r.copyFile(source, into)
		}
		if there == nil {
			if err := r.makeParents(destination); err != nil {
				return err
			}
		}
		return r.copyFile(source, destination)
	}
	if there == nil {
		if err := r.MkdirAll(destination); err != nil {
			return fmt.Errorf("failed to create remote directory %s: %w", destination, err)
		}
	}
	if strings.HasSuffix(source, "/") {
		into = destination
	}
	return fs.WalkDir(os.DirFS(source), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return r.makeFolder(path.Join(into, name))
		}
		return r.copyFile(filepath.Join(source, name), path.Join(into, name))
	})
}
