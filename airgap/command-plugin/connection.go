package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/retry"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// Endpoint is one SSH server, and how to log in to it.
type Endpoint struct {
	Host               string   `pulumi:"host"`
	Port               *float64 `pulumi:"port,optional"`
	User               *string  `pulumi:"user,optional"`
	Password           *string  `pulumi:"password,optional" provider:"secret"`
	PrivateKey         *string  `pulumi:"privateKey,optional" provider:"secret"`
	PrivateKeyPassword *string  `pulumi:"privateKeyPassword,optional" provider:"secret"`
	AgentSocketPath    *string  `pulumi:"agentSocketPath,optional"`
	HostKey            *string  `pulumi:"hostKey,optional"`
	DialErrorLimit     *int     `pulumi:"dialErrorLimit,optional"`
	PerDialTimeout     *int     `pulumi:"perDialTimeout,optional"`
}

// Annotate sets the defaults, which the inputs have from their check on.
func (e *Endpoint) Annotate(a infer.Annotator) {
	a.SetDefault(&e.Port, 22)
	a.SetDefault(&e.User, "root")
	a.SetDefault(&e.DialErrorLimit, 10)
	a.SetDefault(&e.PerDialTimeout, 15)
}

// Connection reaches its endpoint from this machine, or from another endpoint.
type Connection struct {
	Endpoint
	Proxy *Endpoint `pulumi:"proxy,optional"`
}

// Annotate sets the same defaults: they are found by the fields' addresses.
func (c *Connection) Annotate(a infer.Annotator) {
	c.Endpoint.Annotate(a)
}

func (e *Endpoint) address() string {
	return net.JoinHostPort(e.Host, strconv.Itoa(int(*e.Port)))
}

func (e *Endpoint) clientConfig() (*ssh.ClientConfig, error) {
	config := &ssh.ClientConfig{
		User:            *e.User,
		HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		Timeout:         time.Duration(*e.PerDialTimeout) * time.Second,
	}
	if e.HostKey != nil {
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(*e.HostKey))
		if err != nil {
			return nil, fmt.Errorf("failed to parse host key: %w", err)
		}
		config.HostKeyCallback = ssh.FixedHostKey(key)
		// a server with keys of several types is to offer the one of this type
		config.HostKeyAlgorithms = []string{key.Type()}
	}
	if e.PrivateKey != nil {
		signer, err := e.signer()
		if err != nil {
			return nil, err
		}
		config.Auth = append(config.Auth, ssh.PublicKeys(signer))
	}
	if e.Password != nil {
		config.Auth = append(config.Auth, ssh.Password(*e.Password), ssh.KeyboardInteractive(e.answer))
	}
	if socket := e.agentSocket(); socket != "" {
		// it signs while logging in, and is left open: the plugin ends with the deployment
		connection, err := net.Dial("unix", socket)
		if err != nil {
			return nil, err
		}
		config.Auth = append(config.Auth, ssh.PublicKeysCallback(agent.NewClient(connection).Signers))
	}
	return config, nil
}

func (e *Endpoint) signer() (ssh.Signer, error) {
	if e.PrivateKeyPassword != nil {
		return ssh.ParsePrivateKeyWithPassphrase([]byte(*e.PrivateKey), []byte(*e.PrivateKeyPassword))
	}
	return ssh.ParsePrivateKey([]byte(*e.PrivateKey))
}

// answer gives the password to each question of a server that asks instead of taking a password.
func (e *Endpoint) answer(_, _ string, questions []string, _ []bool) ([]string, error) {
	answers := make([]string, len(questions))
	for i := range answers {
		answers[i] = *e.Password
	}
	return answers, nil
}

func (e *Endpoint) agentSocket() string {
	if e.AgentSocketPath != nil {
		return *e.AgentSocketPath
	}
	return os.Getenv("SSH_AUTH_SOCK")
}

// dial logs in, and tries again after any failure, as a machine that has just started refuses at first.
func (c *Connection) dial(ctx context.Context) (*ssh.Client, error) {
	config, err := c.clientConfig()
	if err != nil {
		return nil, err
	}
	if c.Proxy == nil {
		return attempt(ctx, "Dial", *c.DialErrorLimit, func() (*ssh.Client, error) {
			return ssh.Dial("tcp", c.address(), config)
		})
	}
	client, err := c.dialFrom(ctx, c.Proxy, config)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	return client, nil
}

// dialFrom closes the connection to the proxy with the one that goes through it.
func (c *Connection) dialFrom(ctx context.Context, proxy *Endpoint, config *ssh.ClientConfig) (*ssh.Client, error) {
	proxyConfig, err := proxy.clientConfig()
	if err != nil {
		return nil, err
	}
	bastion, err := attempt(ctx, "Dial proxy", *proxy.DialErrorLimit, func() (*ssh.Client, error) {
		return ssh.Dial("tcp", proxy.address(), proxyConfig)
	})
	if err != nil {
		return nil, err
	}
	client, err := c.dialThrough(ctx, bastion, config)
	if err != nil {
		bastion.Close()
		return nil, err
	}
	go func() {
		_ = client.Wait()
		bastion.Close()
	}()
	return client, nil
}

// dialThrough opens one tunnel, like the vendor's: when a first log-in has failed in it, the next ones find it closed.
func (c *Connection) dialThrough(ctx context.Context, bastion *ssh.Client, config *ssh.ClientConfig) (*ssh.Client, error) {
	tunnel, err := attempt(ctx, "Dial from proxy", *c.DialErrorLimit, func() (net.Conn, error) {
		return bastion.Dial("tcp", c.address())
	})
	if err != nil {
		return nil, err
	}
	return attempt(ctx, "Dial", *c.DialErrorLimit, func() (*ssh.Client, error) {
		connection, channels, requests, err := ssh.NewClientConn(tunnel, c.address(), config)
		if err != nil {
			return nil, err
		}
		return ssh.NewClient(connection, channels, requests), nil
	})
}

// attempt calls dial until it succeeds, or has failed more often than the limit allows; -1 is no limit.
func attempt[T any](ctx context.Context, what string, limit int, dial func() (T, error)) (T, error) {
	var result T
	accepted, _, err := retry.Until(ctx, retry.Acceptor{Accept: func(failed int, _ time.Duration) (bool, any, error) {
		var err error
		if result, err = dial(); err == nil {
			return true, nil, nil
		}
		if limit >= 0 && failed >= limit {
			return false, nil, fmt.Errorf("after %d failed attempts: %w", failed, err)
		}
		of := "inf"
		if limit >= 0 {
			of = strconv.Itoa(limit)
		}
		p.GetLogger(ctx).InfoStatusf("%s %d/%s failed: retrying", what, failed+1, of)
		return false, nil, nil
	}})
	if err == nil && !accepted {
		err = ctx.Err()
	}
	return result, err
}
