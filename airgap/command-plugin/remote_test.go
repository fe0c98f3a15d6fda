package main

import (
	"strings"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// appends gives a command that leaves a line in a file of the server's directory.
func (s *sshd) appends(line string) string {
	return "echo " + line + " >>" + s.file("ran")
}

func (s *sshd) ran() string {
	s.t.Helper()
	return strings.ReplaceAll(strings.TrimSpace(s.read("ran")), "\n", " ")
}

// An input that changes what is logged alone. One of stdin would fail now and then: TestRemoteFailsWhereStdinIsNotRead.
func changed(inputs map[string]any) map[string]any {
	return with(inputs, map[string]any{"logging": "stdoutAndStderr"})
}

func TestRemoteCreateUpdateDelete(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	command := newSubject(t, remoteCommand)
	inputs := map[string]any{
		"connection": sshd.connection(nil),
		"create":     sshd.appends("create"),
		"update":     sshd.appends("update"),
		"delete":     sshd.appends("delete"),
	}
	command.create(inputs)
	equal(t, sshd.ran(), "create")
	command.update(inputs)
	equal(t, sshd.ran(), "create")
	command.update(changed(inputs))
	equal(t, sshd.ran(), "create update")
	command.delete()
	equal(t, sshd.ran(), "create update delete")
}

func TestRemoteChangedInputWithoutUpdateRunsCreate(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	command := newSubject(t, remoteCommand)
	inputs := map[string]any{"connection": sshd.connection(nil), "create": sshd.appends("create")}
	command.create(inputs)
	command.update(with(inputs, map[string]any{"create": sshd.appends("changed")}))
	equal(t, sshd.ran(), "create changed")
	// even where the changed input is no part of what runs
	command.update(with(inputs, map[string]any{"create": sshd.appends("changed"), "delete": "true"}))
	equal(t, sshd.ran(), "create changed changed")
}

func TestRemoteChangedConnectionRunsUpdate(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	command := newSubject(t, remoteCommand)
	inputs := map[string]any{
		"connection": sshd.connection(nil), "create": sshd.appends("create"), "update": sshd.appends("update"),
	}
	command.create(inputs)
	changes := command.update(with(inputs, map[string]any{"connection": sshd.connection(map[string]any{"dialErrorLimit": 3})}))
	equal(t, changes["connection"], p.Update)
	equal(t, sshd.ran(), "create update")
}

// A changed element is a replacement because the SDK says so, with replaceOnChanges: ["triggers[*]"].
func TestRemoteAddedTriggersReplace(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	command := newSubject(t, remoteCommand)
	inputs := map[string]any{"connection": sshd.connection(nil), "create": "true", "update": "true"}
	command.create(inputs)
	changes := command.update(with(inputs, map[string]any{"triggers": []any{"a"}}))
	equal(t, changes["triggers"], p.AddReplace)
}

func TestRemoteWithoutCommandsDialsNothing(t *testing.T) {
	t.Parallel()
	command := newSubject(t, remoteCommand)
	command.create(map[string]any{"connection": map[string]any{"host": "127.0.0.1", "port": 1}})
	equal(t, command.stdout(), "")
	command.delete()
}

func TestRemotePreviewDialsNothing(t *testing.T) {
	t.Parallel()
	command := newSubject(t, remoteCommand)
	inputs := command.check(map[string]any{"connection": map[string]any{"host": "127.0.0.1", "port": 1}, "create": "true"})
	previewed, err := server.Create(p.CreateRequest{Urn: command.urn, Properties: inputs, DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, previewed.Properties.Get("stdout").IsComputed(), true)
	equal(t, previewed.Properties.Get("create").AsString(), "true")
}

func TestRemotePreviewOfAnUnknownConnection(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	command := newSubject(t, remoteCommand)
	known := map[string]any{"connection": sshd.connection(nil), "create": "echo out"}
	checked, err := server.Check(p.CheckRequest{
		Urn: command.urn, Inputs: properties(known).Set("connection", property.New(property.Computed)),
	})
	if err != nil || len(checked.Failures) > 0 {
		t.Fatal(err, checked.Failures)
	}
	previewed, err := server.Create(p.CreateRequest{Urn: command.urn, Properties: checked.Inputs, DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, previewed.Properties.Get("connection").Secret(), true)
	equal(t, previewed.Properties.Get("stdout").IsComputed(), true)

	// that it may change is no change
	command.create(known)
	diff, err := server.Diff(p.DiffRequest{
		Urn: command.urn, ID: command.id, State: command.state, Inputs: checked.Inputs, OldInputs: command.check(known),
	})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, diff.HasChanges, false)
}

func TestRemoteOutputs(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	command := newSubject(t, remoteCommand)
	command.create(map[string]any{
		"connection": sshd.connection(nil),
		"create":     `printf 'a\nb\n\n'; echo c >&2`,
	})
	equal(t, command.stdout(), "a\nb\n")
	equal(t, command.state.Get("stderr").AsString(), "c")
	contains(t, command.logged(), "INFO a\nINFO b\n")
	contains(t, command.logged(), "INFO c")
}

func TestRemoteLogging(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	for logging, want := range map[string]string{
		"stdout": "INFO out", "stderr": "INFO err", "stdoutAndStderr": "INFO out INFO err", "none": "",
	} {
		t.Run(logging, func(t *testing.T) {
			command := newSubject(t, remoteCommand)
			command.create(map[string]any{
				"connection": sshd.connection(nil),
				// the last line has no end
				"create":  "echo out; sleep 0.2; printf err >&2",
				"logging": logging,
			})
			equal(t, strings.ReplaceAll(command.logged(), "\n", " "), want)
			equal(t, command.stdout(), "out")
		})
	}
}

func TestRemoteStdin(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	command := newSubject(t, remoteCommand)
	command.create(map[string]any{"connection": sshd.connection(nil), "create": "tr a-z A-Z", "stdin": "given\nlines"})
	equal(t, command.stdout(), "GIVEN\nLINES")
}

// As the SSH library has it, and so the vendor's. What a command leaves of a short input is lost only now and then.
func TestRemoteFailsWhereStdinIsNotRead(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	command := newSubject(t, remoteCommand)
	inputs := map[string]any{"connection": sshd.connection(nil), "create": "sleep 0.2", "stdin": strings.Repeat("x", 8<<20)}
	says(t, command.tryCreate(inputs), "EOF: running \"sleep 0.2\":\n")
	inputs["create"] = "cat >/dev/null"
	command.create(inputs)
}

func TestRemoteNonZeroExit(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	command := newSubject(t, remoteCommand)
	err := command.tryCreate(map[string]any{"connection": sshd.connection(nil), "create": `echo "why" >&2; exit 3`})
	says(t, err, "Process exited with status 3: running \"echo \\\"why\\\" >&2; exit 3\":\nwhy\n")
}

func TestRemoteEnvironment(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t, "AcceptEnv LAB_* PULUMI_COMMAND_*")
	command := newSubject(t, remoteCommand)
	inputs := map[string]any{
		"connection":  sshd.connection(nil),
		"create":      `echo "$LAB_A $LAB_B"; echo err >&2`,
		"update":      `echo "was $PULUMI_COMMAND_STDOUT, $PULUMI_COMMAND_STDERR"`,
		"environment": map[string]any{"LAB_A": "a b", "LAB_B": "$c"},
	}
	command.create(inputs)
	equal(t, command.stdout(), "a b $c")
	command.update(changed(inputs))
	equal(t, command.stdout(), "was a b $c, err")
	command.update(with(inputs, map[string]any{"addPreviousOutputInEnv": false}))
	equal(t, command.stdout(), "was , ")
}

func TestRemoteEnvironmentThatIsNotAccepted(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	command := newSubject(t, remoteCommand)
	inputs := map[string]any{"connection": sshd.connection(nil), "create": sshd.appends("ran") + "; echo out"}
	err := command.tryCreate(with(inputs, map[string]any{"environment": map[string]any{"LAB_A": "a"}}))
	says(t, err, `could not set environment variable "LAB_A": ssh: setenv failed`)
	contains(t, command.logged(), "ERROR Unable to set 'LAB_A'.")
	// the previous output is no reason to fail
	command.create(inputs)
	command.update(changed(inputs))
	equal(t, sshd.ran(), "ran ran")
	contains(t, command.logged(), "WARN Unable to set 'PULUMI_COMMAND_STDOUT'.")
}

func TestRemoteSecrets(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	command := newSubject(t, remoteCommand)
	command.create(map[string]any{"connection": sshd.connection(nil), "create": "echo out"})
	equal(t, command.state.Get("connection").Secret(), true)
	equal(t, command.state.Get("stdout").HasSecrets(), false)

	// what is secret by the program stays so, and makes nothing else secret
	inputs := command.check(map[string]any{"connection": sshd.connection(nil), "create": "cat"}).
		Set("stdin", property.New("hidden").WithSecret(true))
	created, err := server.Create(p.CreateRequest{Urn: command.urn, Properties: inputs})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, created.Properties.Get("stdin").Secret(), true)
	equal(t, created.Properties.Get("stdout").Secret(), false)
	equal(t, created.Properties.Get("stdout").AsString(), "hidden")
}
