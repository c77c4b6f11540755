//go:build tools

// Package pins names the commands that the test clusters run, so that go.mod keeps their versions.
package pins

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kube-scheduler"
)
