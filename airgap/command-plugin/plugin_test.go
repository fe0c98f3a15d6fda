package main

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/blang/semver"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

const (
	localCommand  = "command:local:Command"
	remoteCommand = "command:remote:Command"
	copyToRemote  = "command:remote:CopyToRemote"
)

var (
	server integration.Server
	logs   = &logRecords{}
)

func TestMain(m *testing.M) {
	// an agent of the person who runs the tests would be asked for keys
	os.Unsetenv("SSH_AUTH_SOCK")
	// outside of an engine a plugin logs to this
	slog.SetDefault(slog.New(logs))
	served, err := provider()
	if err == nil {
		server, err = integration.NewServer(context.Background(), "command", semver.MustParse("1.2.1"),
			integration.WithProvider(served))
	}
	if err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// logRecords keeps what each resource, known by its URN, logs.
type logRecords struct {
	mutex sync.Mutex
	lines map[string][]string
}

func (*logRecords) Enabled(context.Context, slog.Level) bool { return true }
func (l *logRecords) WithAttrs([]slog.Attr) slog.Handler     { return l }
func (l *logRecords) WithGroup(string) slog.Handler          { return l }

func (l *logRecords) Handle(_ context.Context, record slog.Record) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	record.Attrs(func(attribute slog.Attr) bool {
		if attribute.Key == "urn" {
			if l.lines == nil {
				l.lines = map[string][]string{}
			}
			urn := attribute.Value.String()
			l.lines[urn] = append(l.lines[urn], record.Level.String()+" "+record.Message)
		}
		return true
	})
	return nil
}

// A subject is one resource, taken through its life as the engine does.
type subject struct {
	t     *testing.T
	urn   resource.URN
	id    string
	state property.Map
}

func newSubject(t *testing.T, kind string) *subject {
	urn := resource.NewURN("test", "test", "", tokens.Type(kind), strings.ReplaceAll(t.Name(), "/", "-"))
	return &subject{t: t, urn: urn}
}

func properties(values map[string]any) property.Map {
	return resource.FromResourcePropertyMap(resource.NewPropertyMapFromMap(values))
}

func (s *subject) logged() string {
	logs.mutex.Lock()
	defer logs.mutex.Unlock()
	return strings.Join(logs.lines[string(s.urn)], "\n")
}

func (s *subject) check(inputs map[string]any) property.Map {
	s.t.Helper()
	checked, err := server.Check(p.CheckRequest{Urn: s.urn, Inputs: properties(inputs)})
	if err != nil || len(checked.Failures) > 0 {
		s.t.Fatalf("check: %v %v", err, checked.Failures)
	}
	return checked.Inputs
}

// tryCreate gives the error instead of failing.
func (s *subject) tryCreate(inputs map[string]any) error {
	s.t.Helper()
	created, err := server.Create(p.CreateRequest{Urn: s.urn, Properties: s.check(inputs)})
	s.id, s.state = created.ID, created.Properties
	return err
}

func (s *subject) create(inputs map[string]any) {
	s.t.Helper()
	if err := s.tryCreate(inputs); err != nil {
		s.t.Fatal(err)
	}
}

// update gives the kind of change, by the name of the input. Without changes nothing is done.
func (s *subject) update(inputs map[string]any) map[string]p.DiffKind {
	s.t.Helper()
	checked := s.check(inputs)
	diff, err := server.Diff(p.DiffRequest{Urn: s.urn, ID: s.id, State: s.state, Inputs: checked})
	if err != nil {
		s.t.Fatal(err)
	}
	kinds := map[string]p.DiffKind{}
	for name, change := range diff.DetailedDiff {
		kinds[name] = change.Kind
	}
	if diff.HasChanges {
		updated, err := server.Update(p.UpdateRequest{Urn: s.urn, ID: s.id, State: s.state, Inputs: checked})
		if err != nil {
			s.t.Fatal(err)
		}
		s.state = updated.Properties
	}
	return kinds
}

func (s *subject) delete() {
	s.t.Helper()
	if err := server.Delete(p.DeleteRequest{Urn: s.urn, ID: s.id, Properties: s.state}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *subject) stdout() string { return s.state.Get("stdout").AsString() }

func equal[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
}

func contains(t *testing.T, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Errorf("%q\nis not in %q", part, text)
	}
}

func says(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want %q", want)
	} else {
		equal(t, err.Error(), want)
	}
}
