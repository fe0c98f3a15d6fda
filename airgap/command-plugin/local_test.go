package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
)

func TestLocalCreateUpdateDelete(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ran := func() string {
		return strings.ReplaceAll(strings.TrimSpace(readFile(t, filepath.Join(dir, "ran"))), "\n", " ")
	}
	command := newSubject(t, localCommand)
	inputs := map[string]any{
		"dir":    dir,
		"create": "echo create >>ran",
		"delete": "echo delete >>ran",
	}
	command.create(inputs)
	command.update(inputs)
	equal(t, ran(), "create")
	command.update(with(inputs, map[string]any{"stdin": "x"}))
	equal(t, ran(), "create create")
	command.update(with(inputs, map[string]any{"update": "echo update >>ran"}))
	equal(t, ran(), "create create update")
	changes := command.update(with(inputs, map[string]any{"update": "echo update >>ran", "triggers": []any{"a"}}))
	equal(t, changes["triggers"], p.AddReplace)
	command.delete()
	contains(t, ran(), "delete")
}

func TestLocalInputs(t *testing.T) {
	t.Parallel()
	command := newSubject(t, localCommand)
	inputs := map[string]any{
		"create":      `printf '%s.' "$0" "$LAB_A" "$(cat)"; echo err >&2`,
		"update":      `echo "was $PULUMI_COMMAND_STDOUT, $PULUMI_COMMAND_STDERR"`,
		"interpreter": []any{"/bin/bash", "-c"},
		"environment": map[string]any{"LAB_A": "a b"},
		"stdin":       "in",
	}
	command.create(inputs)
	equal(t, command.stdout(), "/bin/bash.a b.in.")
	equal(t, command.state.Get("stderr").AsString(), "err")
	command.update(with(inputs, map[string]any{"stdin": "other"}))
	equal(t, command.stdout(), "was /bin/bash.a b.in., err")
	command.update(with(inputs, map[string]any{"addPreviousOutputInEnv": false}))
	equal(t, command.stdout(), "was , ")
}

func TestLocalErrors(t *testing.T) {
	t.Parallel()
	command := newSubject(t, localCommand)
	says(t, command.tryCreate(map[string]any{"create": "echo why >&2; exit 3"}),
		"exit status 3: running \"echo why >&2; exit 3\":\nwhy\n")
	missing := filepath.Join(t.TempDir(), "missing")
	err := command.tryCreate(map[string]any{"create": "true", "dir": missing})
	says(t, err, "chdir "+missing+": no such file or directory: running \"true\":\n")
}

func TestLocalAssets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	command := newSubject(t, localCommand)
	command.create(map[string]any{
		"dir":          dir,
		"create":       "mkdir -p src/deep && touch src/a.js src/deep/b.js src/deep/secret.js c.txt",
		"assetPaths":   []any{"src/**.js", "!**secret.*"},
		"archivePaths": []any{"*.txt"},
	})
	var names []string
	for name, asset := range command.state.Get("assets").AsMap().All {
		names = append(names, name)
		equal(t, asset.AsAsset().Path, filepath.Join(dir, name))
	}
	slices.Sort(names)
	equal(t, strings.Join(names, " "), "src/a.js src/deep/b.js")
	archived := command.state.Get("archive").AsMap().Get("assets").AsMap()
	equal(t, archived.Len(), 1)
	equal(t, archived.Get("c.txt").AsMap().Get("path").AsString(), filepath.Join(dir, "c.txt"))
}

func TestRun(t *testing.T) {
	t.Parallel()
	invoke := func(arguments map[string]any) (p.InvokeResponse, error) {
		return server.Invoke(p.InvokeRequest{Token: "command:local:run", Args: properties(arguments)})
	}
	ran, err := invoke(map[string]any{"command": `echo "$LAB_A"`, "environment": map[string]any{"LAB_A": "a"}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, ran.Return.Get("stdout").AsString(), "a")
	_, err = invoke(map[string]any{"command": "exit 2"})
	says(t, err, "exit status 2: running \"exit 2\":\n")
}

func TestLocalPreviewRunsNothing(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "ran")
	command := newSubject(t, localCommand)
	inputs := command.check(map[string]any{"create": "touch " + file})
	if _, err := server.Create(p.CreateRequest{Urn: command.urn, Properties: inputs, DryRun: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Error("the command ran")
	}
}
