// Command dc-release takes data products from DEV to PRD through gates.
package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"github.com/dc-release/dc-release/internal/adapter/sandbox"
	"github.com/dc-release/dc-release/internal/wire"
)

// version is set by the linker; without it the module's own is taken.
var version = ""

func main() {
	if ran, code := sandbox.Init(os.Args[1:]); ran {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if filepath.Base(os.Args[0]) == wire.StandinName {
		os.Exit(wire.Standin(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	code := wire.Main(ctx, build(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func build() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
