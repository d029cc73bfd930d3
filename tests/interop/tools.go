//go:build tools

// SPDX-License-Identifier: Apache-2.0

// Package interop pins gRPC's own client for checking servers: tests/test_grpc_interop.py builds and runs it.
package interop

import (
	_ "github.com/fullstorydev/grpcurl/cmd/grpcurl"
	_ "google.golang.org/grpc/interop/client"
)
