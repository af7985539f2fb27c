// Package tls stands for a package of OpenShift that the OpenTelemetry Operator calls only with --tls-cluster-profile. `build` says where it goes.
package tls

import (
	"context"
	"crypto/tls"
	"errors"

	configv1 "github.com/openshift/api/config/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var errLeftOut = errors.New("the TLS profiles of OpenShift are left out of this build")

// SecurityProfileWatcher watches nothing.
type SecurityProfileWatcher struct {
	Client                client.Client
	InitialTLSProfileSpec configv1.TLSProfileSpec
	OnProfileChange       func(ctx context.Context, before, after configv1.TLSProfileSpec)
}

// SetupWithManager fails.
func (*SecurityProfileWatcher) SetupWithManager(ctrl.Manager) error { return errLeftOut }

// FetchAPIServerTLSProfile fails.
func FetchAPIServerTLSProfile(context.Context, client.Client) (configv1.TLSProfileSpec, error) {
	return configv1.TLSProfileSpec{}, errLeftOut
}

// NewTLSConfigFromProfile changes nothing.
func NewTLSConfigFromProfile(configv1.TLSProfileSpec) (func(*tls.Config), []string) {
	return func(*tls.Config) {}, nil
}
