//go:build !linux

package bot

import (
	"os"
	"time"
)

func dataSync(f *os.File) error { return f.Sync() }

func processor() time.Duration { return 0 }
