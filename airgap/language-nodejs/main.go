// Command pulumi-language-nodejs lets a Pulumi engine that was built from Go modules run Node.js programs:
// it serves pulumirpc.LanguageRuntime and starts the runner that ships inside @pulumi/pulumi.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// alreadyReported is the runner's exit code for "the user has seen the error".
const alreadyReported = 32

// engineCheck is how often the engine is asked whether it is still there.
const engineCheck = 5 * time.Second

type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	engine  string
	stopped context.Context
	stop    context.CancelFunc
}

func main() {
	flag.Parse()
	h := &host{engine: flag.Arg(0)}
	h.stopped, h.stop = context.WithCancel(context.Background())
	end := make(chan bool)
	if h.engine != "" {
		// An engine that was killed tells nobody.
		err := rpcutil.Healthcheck(context.Background(), h.engine, engineCheck, func() { close(end) })
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: end,
		Init:   func(s *grpc.Server) error { pulumirpc.RegisterLanguageRuntimeServer(s, h); return nil },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(handle.Port)
	<-handle.Done
}

func (h *host) Handshake(_ context.Context, r *pulumirpc.LanguageHandshakeRequest) (*pulumirpc.LanguageHandshakeResponse, error) {
	h.engine = r.GetEngineAddress()
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

// GetRequiredPackages lists the plugins named by the package.json files of the installed Pulumi SDKs, without those that
// are not there: the engine would try for seconds to download them, whether or not the program uses them.
func (h *host) GetRequiredPackages(_ context.Context, r *pulumirpc.GetRequiredPackagesRequest) (*pulumirpc.GetRequiredPackagesResponse, error) {
	files, err := filepath.Glob(filepath.Join(r.GetInfo().GetProgramDirectory(), "node_modules/@pulumi/*/package.json"))
	if err != nil {
		return nil, err
	}
	out := &pulumirpc.GetRequiredPackagesResponse{}
	for _, f := range files {
		var p struct {
			Version string
			Pulumi  struct {
				Resource      bool
				Name, Version string
			}
		}
		if err := readJSON(f, &p); err != nil {
			return nil, err
		}
		if p.Pulumi.Resource && installed(p.Pulumi.Name, p.Pulumi.Version) {
			out.Packages = append(out.Packages, &pulumirpc.PackageDependency{Kind: "resource", Name: p.Pulumi.Name, Version: "v" + strings.TrimPrefix(p.Pulumi.Version, "v")})
		}
	}
	return out, nil
}

func installed(name, version string) bool {
	dir, err := workspace.GetPluginDir()
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(dir, "resource-"+name+"-v"+strings.TrimPrefix(version, "v")))
	return err == nil
}

// Cancel interrupts the running program: an engine that was asked to stop waits for it.
func (h *host) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	h.stop()
	return &emptypb.Empty{}, nil
}

// About tells `pulumi about` which Node.js runs the programs.
func (h *host) About(ctx context.Context, _ *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, err
	}
	v, err := exec.CommandContext(ctx, node, "--version").Output()
	if err != nil {
		return nil, err
	}
	return &pulumirpc.AboutResponse{Executable: node, Version: strings.TrimSpace(string(v))}, nil
}

// GetProgramDependencies lists for `pulumi about` the installed packages that package.json names.
func (h *host) GetProgramDependencies(_ context.Context, r *pulumirpc.GetProgramDependenciesRequest) (*pulumirpc.GetProgramDependenciesResponse, error) {
	dir := r.GetInfo().GetProgramDirectory()
	var program struct{ Dependencies, DevDependencies map[string]string }
	if err := readJSON(filepath.Join(dir, "package.json"), &program); err != nil {
		return nil, err
	}
	out := &pulumirpc.GetProgramDependenciesResponse{}
	for _, names := range []map[string]string{program.Dependencies, program.DevDependencies} {
		for name := range names {
			var installed struct{ Version string }
			if readJSON(filepath.Join(dir, "node_modules", name, "package.json"), &installed) == nil {
				out.Dependencies = append(out.Dependencies, &pulumirpc.DependencyInfo{Name: name, Version: installed.Version})
			}
		}
	}
	return out, nil
}

func readJSON(file string, into any) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}

// RunPlugin runs a policy pack, by the runner that ships inside @pulumi/pulumi. Its output tells the engine its port.
func (h *host) RunPlugin(r *pulumirpc.RunPluginRequest, out grpc.ServerStreamingServer[pulumirpc.RunPluginResponse]) error {
	if r.GetKind() != "analyzer" {
		return status.Errorf(codes.Unimplemented, "plugins of the kind %q are not run by this language host", r.GetKind())
	}
	dir := r.GetInfo().GetProgramDirectory()
	find := exec.Command("node", "-p", "require.resolve('@pulumi/pulumi/cmd/run-policy-pack')")
	find.Dir = dir
	runner, err := find.Output()
	if err != nil {
		return fmt.Errorf("@pulumi/pulumi is not installed for the policy pack in %s", dir)
	}
	cmd := exec.CommandContext(out.Context(), "node", append(append([]string{strings.TrimSpace(string(runner))}, r.GetArgs()...), ".")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), r.GetEnv()...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	var sending sync.Mutex
	send := func(response *pulumirpc.RunPluginResponse) error {
		sending.Lock()
		defer sending.Unlock()
		return out.Send(response)
	}
	cmd.Stdout = writer(func(b []byte) error {
		return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: b}})
	})
	cmd.Stderr = writer(func(b []byte) error {
		return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: b}})
	})
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		return err
	}
	code := int32(cmd.ProcessState.ExitCode())
	return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: code}})
}

type writer func([]byte) error

func (w writer) Write(b []byte) (int, error) { return len(b), w(b) }

// Run starts the program with what `runtime.options` of Pulumi.yaml asks for: nodeargs, typescript, tsconfig.
func (h *host) Run(ctx context.Context, r *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	dir := r.GetInfo().GetProgramDirectory()
	options := r.GetInfo().GetOptions().AsMap()
	nodeArgs, _ := options["nodeargs"].(string)
	args := append(strings.Fields(nodeArgs), filepath.Join(dir, "node_modules/@pulumi/pulumi/cmd/run"))
	for k, v := range map[string]string{
		"monitor": r.GetMonitorAddress(), "engine": h.engine, "organization": r.GetOrganization(), "project": r.GetProject(),
		"root-directory": r.GetInfo().GetRootDirectory(), "stack": r.GetStack(), "pwd": dir, "parallel": strconv.Itoa(int(r.GetParallel())),
	} {
		if v != "" {
			args = append(args, "--"+k, v)
		}
	}
	if r.GetDryRun() {
		args = append(args, "--dry-run")
	}
	args = append(append(args, r.GetInfo().GetEntryPoint()), r.GetArgs()...)
	conf := map[string]string{}
	for k, v := range r.GetConfig() {
		key, err := config.ParseKey(k)
		if err != nil {
			return nil, err
		}
		conf[key.Namespace()+":config:"+key.Name()] = v
	}
	c, _ := json.Marshal(conf)
	secrets, _ := json.Marshal(r.GetConfigSecretKeys())
	typescript := options["typescript"] != false

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(h.stopped, cancel)()
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Env = append(os.Environ(), "PULUMI_CONFIG="+string(c), "PULUMI_CONFIG_SECRET_KEYS="+string(secrets),
		"PULUMI_NODEJS_TYPESCRIPT="+strconv.FormatBool(typescript))
	if tsconfig, ok := options["tsconfig"].(string); ok {
		cmd.Env = append(cmd.Env, "PULUMI_NODEJS_TSCONFIG_PATH="+tsconfig)
	}
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case errors.As(err, &exit) && exit.ExitCode() == alreadyReported:
		return &pulumirpc.RunResponse{Bail: true}, nil
	default:
		return &pulumirpc.RunResponse{Error: "program: " + err.Error()}, nil
	}
}
