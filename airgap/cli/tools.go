//go:build tools

// Package tools pins the Pulumi CLI: `go install` refuses a module that has replacements of its own.
package tools

import (
	_ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
)
