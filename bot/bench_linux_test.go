package bot

import (
	"os"
	"syscall"
	"time"
)

func dataSync(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }

// processor is how long the processor has worked for this process.
func processor() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
