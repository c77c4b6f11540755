//go:build tools

// Package pins names the command that the test clusters run, so that go.mod keeps its version.
package pins

import _ "go.etcd.io/etcd/server/v3"
