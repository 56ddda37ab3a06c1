package browser

import "testing"

// Two people in two tabs, who see what the other does without loading anything again.

func TestCheckInIsRevealedToBoth(t *testing.T) {
	d := startDemo(t)
	gwen, nadia := d.be("gwen"), d.be("nadia")
	const question = "What would you be embarrassed not to have tried by summer?"
	gwen.sees("#mine-entries", question)
	gwen.write(privately, "Closing the street for one morning.")
	gwen.sees("#mine-entries", "I have your answer")
	if n := nadia.Count("body", "Closing the street"); n != 0 {
		t.Fatalf("nadia reads gwen's answer %d times before the reveal", n)
	}
	nadia.Look("checkin-waiting-wide-light")
	nadia.write(privately, "Unloading bread at six.")
	for _, p := range []*Page{gwen, nadia} {
		p.sees("#room-entries", "Here is what was said")
		p.sees("#room-entries", "Closing the street for one morning.")
		p.sees("#room-entries", "Unloading bread at six.")
	}
	gwen.Look("checkin-revealed-wide-light")
}
