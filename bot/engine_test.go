package bot

import (
	"testing"

	"trellis/adapters/chat"
)

func TestEventIsHandledOnce(t *testing.T) {
	r := newRig(t)
	e := r.event("#air", "ana", chat.Command{Text: "count x"})
	r.step(batch(e, e))
	r.deliver()
	r.want("#air 1 so far")
	r.step(batch(e))
	r.start()
	r.step(batch(e))
	r.deliver()
	r.want("")
	r.command("count x")
	r.deliver()
	r.want("#air* 2 so far")
}
