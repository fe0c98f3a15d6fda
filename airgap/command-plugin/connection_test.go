package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// connects makes a command that writes hello.
func connects(t *testing.T, connection map[string]any) error {
	t.Helper()
	command := newSubject(t, remoteCommand)
	err := command.tryCreate(map[string]any{"connection": connection, "create": "echo hello"})
	if err == nil {
		equal(t, command.stdout(), "hello")
	}
	return err
}

func succeeds(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func otherKey(t *testing.T) (private, public string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	generateKey(t, file, "ed25519")
	return readFile(t, file), readFile(t, file+".pub")
}

func TestConnectionDefaults(t *testing.T) {
	t.Parallel()
	checked := newSubject(t, remoteCommand).check(map[string]any{"connection": map[string]any{
		"host": "127.0.0.1", "proxy": map[string]any{"host": "127.0.0.2"},
	}})
	connection := checked.Get("connection").AsMap()
	for _, endpoint := range []property.Map{connection, connection.Get("proxy").AsMap()} {
		equal(t, endpoint.Get("port").AsNumber(), 22)
		equal(t, endpoint.Get("user").AsString(), "root")
		equal(t, endpoint.Get("dialErrorLimit").AsNumber(), 10)
		equal(t, endpoint.Get("perDialTimeout").AsNumber(), 15)
	}
}

func TestHostKeyMismatchRunsNothing(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	_, other := otherKey(t)
	command := newSubject(t, remoteCommand)
	err := command.tryCreate(map[string]any{
		"connection": sshd.connection(map[string]any{"hostKey": other, "dialErrorLimit": 1}),
		"create":     sshd.appends("create"),
	})
	says(t, err, "after 1 failed attempts: ssh: handshake failed: ssh: host key mismatch")
	if _, err := os.Stat(sshd.file("ran")); !os.IsNotExist(err) {
		t.Error("the command ran")
	}
}

func TestHostKeyOfOneTypeAmongSeveral(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t, "HostKey DIR/host_rsa", "HostKey DIR/host_ecdsa")
	succeeds(t, connects(t, sshd.connection(nil)))
	succeeds(t, connects(t, sshd.connection(map[string]any{"hostKey": sshd.read("host_ecdsa.pub")})))
	// the signature that its type names is the one with SHA-1, which sshd has given up
	err := connects(t, sshd.connection(map[string]any{"hostKey": sshd.read("host_rsa.pub"), "dialErrorLimit": 0}))
	contains(t, fmt.Sprint(err), "no common algorithm for host key")
}

func TestHostKeyIsNotCheckedWithoutOne(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	succeeds(t, connects(t, sshd.connection(map[string]any{"hostKey": nil})))
}

func TestHostKeyThatIsNone(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	says(t, connects(t, sshd.connection(map[string]any{"hostKey": "nonsense"})), "failed to parse host key: ssh: no key found")
}

func TestWrongKey(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	other, _ := otherKey(t)
	err := connects(t, sshd.connection(map[string]any{"privateKey": other, "dialErrorLimit": 1}))
	says(t, err, "after 1 failed attempts: ssh: handshake failed: ssh: unable to authenticate, "+
		"attempted methods [none publickey], no supported methods remain")
}

func TestEncryptedKey(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	generateKey(t, sshd.file("encrypted"), "ed25519", "-N", "opens")
	if err := os.Rename(sshd.file("encrypted.pub"), sshd.file("client.pub")); err != nil {
		t.Fatal(err)
	}
	connection := sshd.connection(map[string]any{"privateKey": sshd.read("encrypted")})
	succeeds(t, connects(t, with(connection, map[string]any{"privateKeyPassword": "opens"})))
	says(t, connects(t, connection), "ssh: this private key is passphrase protected")
	says(t, connects(t, with(connection, map[string]any{"privateKeyPassword": "other"})),
		"x509: decryption password incorrect")
}

func TestAgent(t *testing.T) {
	sshd := startSSHD(t)
	key, err := ssh.ParseRawPrivateKey([]byte(sshd.read("client")))
	if err != nil {
		t.Fatal(err)
	}
	keyring := agent.NewKeyring()
	if err := keyring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", sshd.file("agent"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go serve(listener, func(connection net.Conn) { _ = agent.ServeAgent(keyring, connection) })
	succeeds(t, connects(t, sshd.connection(map[string]any{"privateKey": nil, "agentSocketPath": sshd.file("agent")})))
	t.Setenv("SSH_AUTH_SOCK", sshd.file("agent"))
	succeeds(t, connects(t, sshd.connection(map[string]any{"privateKey": nil})))
	// even where there is another key
	missing := sshd.file("missing")
	t.Setenv("SSH_AUTH_SOCK", missing)
	says(t, connects(t, sshd.connection(nil)), "dial unix "+missing+": connect: no such file or directory")
}

// serve returns when the listener is closed and all that was accepted is handled.
func serve(listener net.Listener, handle func(net.Conn)) {
	var handlers sync.WaitGroup
	defer handlers.Wait()
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		handlers.Go(func() { handle(connection) })
	}
}

// sshd takes passwords from the system's accounts alone, so that this is a server of our own.
func TestPassword(t *testing.T) {
	t.Parallel()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{
		PasswordCallback: func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if string(password) != "opens" {
				return nil, fmt.Errorf("wrong password")
			}
			return nil, nil
		},
	}
	config.AddHostKey(signer)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go serve(listener, func(connection net.Conn) { sayHello(connection, config) })
	connection := map[string]any{
		"host": "127.0.0.1", "port": listener.Addr().(*net.TCPAddr).Port, "password": "opens", "dialErrorLimit": 0,
	}
	succeeds(t, connects(t, connection))
	err = connects(t, with(connection, map[string]any{"password": "other"}))
	contains(t, fmt.Sprint(err), "attempted methods [none password]")
}

// sayHello answers every command with hello.
func sayHello(connection net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(connection, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for opened := range channels {
		channel, commands, err := opened.Accept()
		if err != nil {
			return
		}
		for command := range commands {
			_ = command.Reply(true, nil)
			_, _ = channel.Write([]byte("hello\n"))
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{0}))
			_ = channel.Close()
		}
	}
}

func TestProxy(t *testing.T) {
	t.Parallel()
	bastion, target := startSSHD(t, "LogLevel DEBUG1"), startSSHD(t)
	succeeds(t, connects(t, target.connection(map[string]any{"proxy": bastion.connection(nil)})))
	contains(t, bastion.read("log"), "direct-tcpip")

	_, other := otherKey(t)
	err := connects(t, target.connection(map[string]any{
		"proxy": bastion.connection(map[string]any{"hostKey": other, "dialErrorLimit": 0}),
	}))
	says(t, err, "proxy: after 0 failed attempts: ssh: handshake failed: ssh: host key mismatch")
	err = connects(t, target.connection(map[string]any{
		"proxy": bastion.connection(nil), "hostKey": other, "dialErrorLimit": 0,
	}))
	says(t, err, "proxy: after 0 failed attempts: ssh: handshake failed: ssh: host key mismatch")
	err = connects(t, target.connection(map[string]any{
		"proxy": bastion.connection(nil), "port": refusingPort(t), "dialErrorLimit": 0,
	}))
	contains(t, fmt.Sprint(err), "proxy: after 0 failed attempts: ssh: rejected: connect failed")
}

// The tunnel is made once: after a first handshake that failed, the others find it closed.
func TestProxyHidesWhyALaterHandshakeFailed(t *testing.T) {
	t.Parallel()
	bastion, target := startSSHD(t), startSSHD(t)
	_, other := otherKey(t)
	err := connects(t, target.connection(map[string]any{
		"proxy": bastion.connection(nil), "hostKey": other, "dialErrorLimit": 1,
	}))
	says(t, err, "proxy: after 1 failed attempts: ssh: handshake failed: EOF")
}

func TestDialErrorLimit(t *testing.T) {
	t.Parallel()
	port := refusingPort(t)
	for limit, attempts := range map[any]int{0: 0, 2: 2, nil: 10} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			t.Parallel()
			command := newSubject(t, remoteCommand)
			err := command.tryCreate(map[string]any{
				"connection": with(map[string]any{"host": "127.0.0.1", "port": port}, map[string]any{"dialErrorLimit": limit}),
				"create":     "true",
			})
			says(t, err, fmt.Sprintf("after %d failed attempts: dial tcp 127.0.0.1:%d: connect: connection refused",
				attempts, port))
			equal(t, strings.Count(command.logged(), "failed: retrying"), attempts)
			if attempts > 0 {
				contains(t, command.logged(), fmt.Sprintf("INFO Dial 1/%d failed: retrying", attempts))
			}
		})
	}
}

func TestDialUntilTheServerIsThere(t *testing.T) {
	t.Parallel()
	sshd := startSSHD(t)
	socket, port := boundSocket(t)
	go func() {
		time.Sleep(time.Second)
		if syscall.Listen(int(socket.Fd()), 1) != nil {
			return
		}
		listener, err := net.FileListener(socket)
		if err != nil {
			return
		}
		t.Cleanup(func() { _ = listener.Close() })
		// refused at first, then closed at once, then forwarded
		closed, err := listener.Accept()
		if err != nil {
			return
		}
		_ = closed.Close()
		serve(listener, func(connection net.Conn) { forward(connection, sshd.port) })
	}()
	succeeds(t, connects(t, sshd.connection(map[string]any{"port": port})))
}

func TestDialErrorLimitForEver(t *testing.T) {
	t.Parallel()
	command := newSubject(t, remoteCommand)
	inputs := command.check(map[string]any{
		"connection": map[string]any{"host": "127.0.0.1", "port": refusingPort(t), "dialErrorLimit": -1},
		"create":     "true",
	})
	// until the resource's customTimeouts
	_, err := server.Create(p.CreateRequest{Urn: command.urn, Properties: inputs, Timeout: 2})
	says(t, err, "context deadline exceeded")
	contains(t, command.logged(), "INFO Dial 3/inf failed: retrying")
}

func TestPerDialTimeout(t *testing.T) {
	t.Parallel()
	port := silentPort(t)
	started := time.Now()
	err := connects(t, map[string]any{"host": "127.0.0.1", "port": port, "perDialTimeout": 1, "dialErrorLimit": 1})
	says(t, err, fmt.Sprintf("after 1 failed attempts: dial tcp 127.0.0.1:%d: i/o timeout", port))
	if took := time.Since(started); took < 2*time.Second || took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

// silentPort answers no connection, as a machine that is off: its queue is full, so that the kernel drops what comes.
func silentPort(t *testing.T) int {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(socket) })
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(socket, 0); err != nil {
		t.Fatal(err)
	}
	address, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	port := address.(*syscall.SockaddrInet4).Port
	for {
		connection, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), 200*time.Millisecond)
		if err != nil {
			return port
		}
		t.Cleanup(func() { _ = connection.Close() })
	}
}
