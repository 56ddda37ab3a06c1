package storagetest

import "testing"

// File is a store that lives in one file.
type File struct{}

func damage(_ *testing.T, _ File) {}
