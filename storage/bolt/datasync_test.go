//go:build !linux

package bolt_test

import "os"

func dataSync(f *os.File) error { return f.Sync() } // what bbolt does where there is no fdatasync
