package matrix_test

import (
	"strings"
	"testing"

	"trellis/adapters/matrix"
)

func TestCheck(t *testing.T) {
	w, _, room := fake(t)
	w.must(deliverErr(t, w.adapter(), room))
	o := w.options()
	found, err := matrix.Check(t.Context(), o)
	w.must(err)
	if len(found) != 3 || found[1].Value != w.bot || !strings.Contains(found[1].Note, "in 1 rooms") {
		t.Errorf("it found %+v", found)
	}
	for _, row := range []struct {
		name   string
		change func(*matrix.Options)
		want   string
	}{
		{"no homeserver", func(o *matrix.Options) { o.Homeserver = "http://127.0.0.1:1" }, "does not answer as a Matrix homeserver"},
		{"a wrong token", func(o *matrix.Options) { o.Password, o.AccessToken = "", "wrong" }, "M_UNKNOWN_TOKEN"},
		{"both", func(o *matrix.Options) { o.AccessToken = "x" }, "set one or the other"},
		{"nonsense in the list", func(o *matrix.Options) { o.AllowInvites = []string{"a b"} }, "matrix.allow_invites"},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := w.options()
			row.change(&o)
			_, err := matrix.Check(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "wrong") && row.want != "wrong" {
				t.Errorf("%v, want %q and no secret", err, row.want)
			}
		})
	}
}
