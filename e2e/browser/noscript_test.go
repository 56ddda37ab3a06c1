package browser

import (
	"testing"
	"time"
)

// finds loads the page again, as one does who has no script, until it shows what Trellis answered.
func (p *Page) finds(part, text string) {
	p.t.Helper()
	for until := time.Now().Add(soon); !Eval[bool](p, Has(part, text)) && time.Now().Before(until); {
		p.Reload()
	}
	p.sees(part, text)
}

func TestWithoutJavaScriptOneReadsAndAnswers(t *testing.T) {
	d := startDemo(t)
	gwen := d.profile.Tab()
	gwen.Quiet()
	gwen.Open(d.room("gwen"))
	if Eval[bool](gwen, `document.documentElement.classList.contains("js")`) {
		t.Fatal("the page's script runs")
	}
	gwen.sees("noscript", "Load it again to see what is new")
	gwen.sees("#room-entries", "The bypass was decided before any of you were asked.")
	gwen.sees("#glance", "How we work")
	gwen.Look("noscript-wide-light")

	// A form of Trellis's stands on the page; what is missing is said there.
	gwen.Follow("answer here", choice("#room", "Answer"))
	gwen.sees("#form", "What would you be embarrassed not to have tried by summer?")
	gwen.Follow("send nothing", `document.querySelector("#form button.primary")`)
	gwen.sees("#form .error", "Please fill this in.")
	gwen.Look("noscript-form-wide-light")
	gwen.Click("the field", `document.querySelector("#form textarea")`)
	gwen.Write("Closing the street for one morning.")
	gwen.Follow("send", `document.querySelector("#form button.primary")`)
	gwen.finds("#room-entries", "3 of 4 have spoken.")

	// A button, a private line, a line to all, and an answer to somebody.
	gwen.Follow("accept", choice("#mine", "Accept"))
	gwen.finds("#room-entries", "Gwen takes on C3")
	gwen.Click("where one writes to Trellis", `document.getElementById("write-mine")`)
	gwen.Write("home")
	gwen.Follow("send", `document.querySelector("#compose-mine .send")`)
	gwen.finds("#mine-entries", "This is where things stand for you")
	gwen.Follow("reply", `[...document.querySelectorAll("#room-entries .acts a")].findLast(a => a.textContent.startsWith("Reply"))`)
	gwen.Until("it says to whom", `document.querySelector("#compose-room label").textContent.startsWith("Reply to")`)
	gwen.Click("where one writes to all", `document.getElementById("write")`)
	gwen.Write("Without a script.")
	gwen.Follow("send", `document.querySelector("#compose-room .send")`)
	gwen.sees("#room-entries .replies", "Without a script.")

	// Nothing is sent twice by loading again, and what others do is there then.
	nadia := d.be("nadia")
	nadia.sees("#room-entries", "Without a script.")
	nadia.write(privately, "Unloading bread at six.")
	nadia.sees("#room-entries", "Here is what was said")
	gwen.finds("#room-entries", "Unloading bread at six.")
	if n := gwen.Count("#room-entries .said", "Without a script."); n != 1 {
		t.Errorf("the line stands there %d times, want once", n)
	}
	gwen.Resize(Narrow)
	gwen.Open(d.room("gwen") + "#mine")
	gwen.sees("#mine-entries", "This is where things stand for you")
	gwen.Look("noscript-narrow-light")
	gwen.mustFit("without a script")
}
