package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// sshd starts itself again for each connection, and demands its whole path for that.
const sshdPath = "/usr/sbin/sshd"

// An sshd is one of its own, on the loopback interface, with everything that it needs in a temporary directory. It takes
// one key, for the user that runs the tests.
type sshd struct {
	t    *testing.T
	dir  string
	port int
}

// startSSHD takes more lines for its configuration. It has an ed25519 host key, and those that the lines name.
func startSSHD(t *testing.T, configuration ...string) *sshd {
	t.Helper()
	s := &sshd{t: t, dir: t.TempDir()}
	generateKey(t, s.file("client"), "ed25519")
	generateKey(t, s.file("host_ed25519"), "ed25519")
	for _, kind := range []string{"ecdsa", "rsa"} {
		if strings.Contains(strings.Join(configuration, "\n"), "host_"+kind) {
			generateKey(t, s.file("host_"+kind), kind)
		}
	}
	lines := append(configuration, []string{
		"HostKey DIR/host_ed25519",
		"AuthorizedKeysFile DIR/client.pub",
		"StrictModes no",
		"PermitRootLogin yes",
		"PasswordAuthentication no",
		"UsePAM no",
		"PidFile none",
		// Bash reads no ~/.bashrc where it is not the first shell: whoever runs this may have anything in it.
		"SetEnv SHLVL=1",
		"Subsystem sftp internal-sftp",
	}...)
	text := strings.ReplaceAll(strings.Join(lines, "\n")+"\n", "DIR", s.dir)
	if err := os.WriteFile(s.file("sshd_config"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		// where Debian's service has not made it: sshd demands it of root
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("sshd said:\n%s", s.read("log"))
		}
	})
	if _, err := exec.LookPath(sshdPath); err != nil {
		t.Fatalf("openssh-server is needed: %v", err)
	}
	s.listen()
	return s
}

// listen starts sshd for each connection, as inetd does. A port that sshd itself listened on would have to be known
// before, and could be another one's by then.
func (s *sshd) listen() {
	s.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	s.port = listener.Addr().(*net.TCPAddr).Port
	served := make(chan struct{})
	go func() {
		defer close(served)
		serve(listener, s.answer)
	}()
	s.t.Cleanup(func() {
		_ = listener.Close()
		<-served
	})
}

func (s *sshd) answer(connection net.Conn) {
	defer connection.Close()
	socket, err := connection.(*net.TCPConn).File()
	if err != nil {
		return
	}
	defer socket.Close()
	server := exec.CommandContext(s.t.Context(), sshdPath, "-i", "-f", s.file("sshd_config"), "-E", s.file("log"))
	server.Stdin, server.Stdout = socket, socket
	// it ends with the tests, however they end
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	_ = server.Run()
}

func (s *sshd) file(name string) string { return filepath.Join(s.dir, name) }

func (s *sshd) read(name string) string {
	s.t.Helper()
	return readFile(s.t, s.file(name))
}

// connection gives what a program passes to reach it, with changes; nil removes.
func (s *sshd) connection(changes map[string]any) map[string]any {
	s.t.Helper()
	current, err := user.Current()
	if err != nil {
		s.t.Fatal(err)
	}
	return with(map[string]any{
		"host":       "127.0.0.1",
		"port":       s.port,
		"user":       current.Username,
		"privateKey": s.read("client"),
		"hostKey":    s.read("host_ed25519.pub"),
	}, changes)
}

func with(base, changes map[string]any) map[string]any {
	result := map[string]any{}
	for _, m := range []map[string]any{base, changes} {
		for name, value := range m {
			result[name] = value
			if value == nil {
				delete(result, name)
			}
		}
	}
	return result
}

func generateKey(t *testing.T, file, kind string, arguments ...string) {
	t.Helper()
	arguments = append([]string{"-q", "-t", kind, "-f", file, "-N", ""}, arguments...)
	if said, err := exec.Command("ssh-keygen", arguments...).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v: %s", err, said)
	}
}

// A port that refuses connections, since nobody listens.
func refusingPort(t *testing.T) int {
	t.Helper()
	_, port := boundSocket(t)
	return port
}

// A socket with a port of its own, which no other test's server gets, and on which nobody listens yet.
func boundSocket(t *testing.T) (socket *os.File, port int) {
	t.Helper()
	descriptor, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	socket = os.NewFile(uintptr(descriptor), "socket")
	t.Cleanup(func() { _ = socket.Close() })
	if err := syscall.Bind(descriptor, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(descriptor)
	if err != nil {
		t.Fatal(err)
	}
	return socket, bound.(*syscall.SockaddrInet4).Port
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func forward(from net.Conn, port int) {
	to, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return
	}
	go func() { _, _ = io.Copy(to, from) }()
	_, _ = io.Copy(from, to)
}
