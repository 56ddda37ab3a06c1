package words

import "testing"

func TestCataloguesAreWhole(t *testing.T) {
	if _, err := Load(); err != nil {
		t.Fatal(err)
	}
}
