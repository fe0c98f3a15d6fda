// Command coredns is CoreDNS with those of its plugins that this project's configuration uses.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/file"
	_ "github.com/coredns/coredns/plugin/forward"
)

func main() {
	// In the vendor's order: a query passes them from the first to the last.
	dnsserver.Directives = []string{"bind", "errors", "cache", "file", "forward"}
	coremain.Run()
}
