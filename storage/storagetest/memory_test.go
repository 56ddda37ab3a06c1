package storagetest_test

import (
	"testing"

	"trellis/storage"
	"trellis/storage/storagetest"
)

func TestMemory(t *testing.T) {
	storagetest.Suite{Open: func(testing.TB) storage.Store { return storage.Memory() }}.Run(t)
}
