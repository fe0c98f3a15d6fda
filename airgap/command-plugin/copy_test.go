package main

import (
	"os"
	"path/filepath"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// write makes a file with its folders, and gives its name.
func write(t *testing.T, content string, elements ...string) string {
	t.Helper()
	name := filepath.Join(elements...)
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err == nil {
		err = os.WriteFile(name, []byte(content), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func fileAsset(t *testing.T, name string) *resource.Asset {
	t.Helper()
	asset, err := resource.NewPathAsset(name)
	if err != nil {
		t.Fatal(err)
	}
	return asset
}

func textAsset(t *testing.T, text string) *resource.Asset {
	t.Helper()
	asset, err := resource.NewTextAsset(text)
	if err != nil {
		t.Fatal(err)
	}
	return asset
}

func folderArchive(t *testing.T, name string) *resource.Archive {
	t.Helper()
	archive, err := resource.NewPathArchive(name)
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

func TestCopyFile(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	local := write(t, "content", t.TempDir(), "local")
	// the folders above it are made
	inputs := map[string]any{
		"connection": sshd.connection(nil), "source": fileAsset(t, local), "remotePath": sshd.file("new/folder/remote"),
	}
	copied := newSubject(t, copyToRemote)
	copied.create(inputs)
	equal(t, sshd.read("new/folder/remote"), "content")
	equal(t, copied.state.Get("connection").Secret(), true)

	// into a folder that is there
	copied.update(with(inputs, map[string]any{"remotePath": sshd.file("new")}))
	equal(t, sshd.read("new/local"), "content")

	// over a longer one, where the content changes
	inputs["remotePath"] = sshd.file("new/local")
	write(t, "short", local)
	inputs["source"] = fileAsset(t, local)
	copied.update(inputs)
	equal(t, sshd.read("new/local"), "short")

	// what is deleted here stays there
	copied.delete()
	equal(t, sshd.read("new/local"), "short")
}

func TestCopyAgainForAnotherContentOrPathOnly(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	inputs := map[string]any{
		"connection": sshd.connection(nil), "source": textAsset(t, "copied"), "remotePath": sshd.file("remote"),
	}
	copied := newSubject(t, copyToRemote)
	copied.create(inputs)
	write(t, "changed there", sshd.file("remote"))
	inputs["connection"] = sshd.connection(map[string]any{"dialErrorLimit": 3})
	equal(t, copied.update(inputs)["connection"], p.Update)
	equal(t, sshd.read("remote"), "changed there")
	equal(t, copied.update(with(inputs, map[string]any{"triggers": []any{"a"}}))["triggers"], p.AddReplace)
}

func TestCopyText(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	copied := newSubject(t, copyToRemote)
	inputs := map[string]any{
		"connection": sshd.connection(nil), "source": textAsset(t, "text\n"), "remotePath": sshd.file("new/text"),
	}
	copied.create(inputs)
	equal(t, sshd.read("new/text"), "text\n")
	err := copied.tryCreate(with(inputs, map[string]any{"remotePath": sshd.dir}))
	says(t, err, "remote path "+sshd.dir+" is a directory; when using a text asset, remotePath must be a file path")
}

func TestCopyFolder(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	folder := filepath.Join(t.TempDir(), "folder")
	write(t, "a", folder, "a")
	write(t, "b", folder, "deep/b")
	inputs := map[string]any{
		"connection": sshd.connection(nil), "source": folderArchive(t, folder), "remotePath": sshd.file("new/to"),
	}
	copied := newSubject(t, copyToRemote)
	copied.create(inputs)
	equal(t, sshd.read("new/to/folder/a")+sshd.read("new/to/folder/deep/b"), "ab")

	// with a slash at its end, what is in it
	copied.create(with(inputs, map[string]any{"source": folderArchive(t, folder+"/")}))
	equal(t, sshd.read("new/to/a")+sshd.read("new/to/deep/b"), "ab")

	// again, with more, over what is there
	write(t, "c", folder, "deep/c")
	write(t, "changed", folder, "a")
	copied.update(with(inputs, map[string]any{"source": folderArchive(t, folder)}))
	equal(t, sshd.read("new/to/folder/a")+sshd.read("new/to/folder/deep/c"), "changedc")

	write(t, "", sshd.file("file"))
	err := copied.tryCreate(with(inputs, map[string]any{
		"source": folderArchive(t, folder+"/"), "remotePath": sshd.file("file"),
	}))
	says(t, err, "remote path "+sshd.file("file")+" exists but is not a directory")
}

func TestCopyChecksItsSource(t *testing.T) {
	t.Parallel()
	inArchive, err := resource.NewAssetArchive(map[string]any{"a": textAsset(t, "a")})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := resource.NewURIAsset("file:///dev/null")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		source  property.Value
		failure p.CheckFailure
	}{
		{property.New(inArchive), p.CheckFailure{Property: "archive", Reason: "archive must be a path to a file or directory"}},
		{property.New(elsewhere), p.CheckFailure{
			Property: "asset", Reason: "asset must be a path-based file asset or a text asset",
		}},
		// a preview, too, wants a source that is known
		{property.New(property.Computed), p.CheckFailure{
			Property: "asset", Reason: "either asset or archive must be set",
		}},
	} {
		inputs := properties(map[string]any{"connection": map[string]any{"host": "127.0.0.1"}, "remotePath": "/tmp/x"}).
			Set("source", test.source)
		checked, err := server.Check(p.CheckRequest{Urn: newSubject(t, copyToRemote).urn, Inputs: inputs})
		if err != nil || len(checked.Failures) != 1 {
			t.Fatal(err, checked.Failures)
		}
		equal(t, checked.Failures[0], test.failure)
	}
}
