package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	p "github.com/pulumi/pulumi-go-provider"
)

// A command finds what its predecessor wrote in these.
const (
	previousStdout = "PULUMI_COMMAND_STDOUT"
	previousStderr = "PULUMI_COMMAND_STDERR"
)

// Commands are the inputs that say what a resource runs, and when.
type Commands struct {
	Create   *string `pulumi:"create,optional"`
	Update   *string `pulumi:"update,optional"`
	Delete   *string `pulumi:"delete,optional"`
	Triggers *[]any  `pulumi:"triggers,optional" provider:"replaceOnChanges"`
}

// onUpdate is what a changed input runs: create again, where there is no update.
func (c Commands) onUpdate() *string {
	if c.Update != nil {
		return c.Update
	}
	return c.Create
}

// logged tells whether a stream is shown while the command runs. Without a setting both are.
func logged(logging *string, stream string) bool {
	return logging == nil || *logging == stream || *logging == "stdoutAndStderr"
}

// Streams are the outputs of a command.
type Streams struct {
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// previous gives them as the environment of the command that runs next.
func (s Streams) previous(add *bool) map[string]string {
	environment := map[string]string{}
	if add != nil && !*add {
		return environment
	}
	if s.Stdout != "" {
		environment[previousStdout] = s.Stdout
	}
	if s.Stderr != "" {
		environment[previousStderr] = s.Stderr
	}
	return environment
}

// stdinReader is nil for an empty string, for which the command gets no input at all.
func stdinReader(stdin *string) io.Reader {
	if stdin == nil || *stdin == "" {
		return nil
	}
	return strings.NewReader(*stdin)
}

// A recorder keeps what a running command writes, and logs it line by line.
type recorder struct {
	stdout, stderr stream
	mutex          sync.Mutex // the streams are written from two goroutines
	both           bytes.Buffer
	line           []byte // the last one, as long as it has no end
	log            func(line string)
}

type stream struct {
	recorder *recorder
	logged   bool
	all      bytes.Buffer
}

func record(ctx context.Context, logging *string) *recorder {
	r := &recorder{log: p.GetLogger(ctx).InfoStatus}
	r.stdout = stream{recorder: r, logged: logged(logging, "stdout")}
	r.stderr = stream{recorder: r, logged: logged(logging, "stderr")}
	return r
}

func (s *stream) Write(written []byte) (int, error) {
	r := s.recorder
	r.mutex.Lock()
	defer r.mutex.Unlock()
	s.all.Write(written)
	r.both.Write(written)
	if s.logged {
		lines := bytes.Split(append(r.line, written...), []byte("\n"))
		for _, line := range lines[:len(lines)-1] {
			r.log(string(line))
		}
		r.line = lines[len(lines)-1]
	}
	return len(written), nil
}

// result ends the record: with the outputs, or with an error that holds the command and all that it wrote.
func (r *recorder) result(command string, err error) (Streams, error) {
	if len(r.line) > 0 {
		r.log(string(r.line))
	}
	if err != nil {
		return Streams{}, fmt.Errorf("%w: running %q:\n%s", err, command, r.both.String())
	}
	return Streams{
		Stdout: strings.TrimSuffix(r.stdout.all.String(), "\n"),
		Stderr: strings.TrimSuffix(r.stderr.all.String(), "\n"),
	}, nil
}
