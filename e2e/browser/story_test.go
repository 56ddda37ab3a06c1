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

func TestProposalBecomesAnAgreement(t *testing.T) {
	d := startDemo(t)
	ana, gwen := d.be("ana"), d.be("gwen")
	const proposal = "We try two weeks with no stopping at the school gate"
	for _, p := range []*Page{ana, gwen} {
		p.sees("#room-entries", proposal)
	}
	if n := ana.Count("#glance", proposal); n != 0 {
		t.Fatal("it stands among the agreements before everybody consented")
	}
	ana.Click("ana's consent", choice("#room", "Consent"))
	ana.sees("#room-entries", "3 of 4")
	gwen.sees("#room-entries", "3 of 4")
	gwen.Click("gwen's concern", choice("#room", "Consent with a concern"))
	gwen.sees("#form", "concern")
	gwen.Look("form-wide-light")
	gwen.Write("Deliveries for the chemist come at nine.")
	gwen.Click("the form's button", `document.querySelector("#form button.primary")`)
	for _, p := range []*Page{ana, gwen} {
		p.Until("the form is closed", `!document.querySelector("dialog[open]")`)
		p.sees("#room-entries", "Agreed. This is now A2")
		p.sees("#glance", proposal)
	}
	ana.sees("#room-entries", "Deliveries for the chemist come at nine.")
	ana.Look("agreed-wide-light")
}

func TestCommitmentAndItsReminder(t *testing.T) {
	d := startDemo(t)
	gwen, nadia := d.be("gwen"), d.be("nadia")
	gwen.Click("accept", choice("#mine", "Accept"))
	for _, p := range []*Page{gwen, nadia} {
		p.sees("#room-entries", "Gwen takes on C3: “bring ten chairs for the street”")
		p.sees("#glance", "bring ten chairs")
	}
	gwen.write(toAll, "trellis commit bring the readings by friday")
	nadia.sees("#room-entries", "Gwen takes on C4: “bring the readings”")
	nadia.sees("#glance", "bring the readings")

	gwen.Click("a day later", `document.querySelector(".clock button[value=day]")`)
	for _, p := range []*Page{gwen, nadia} {
		p.sees("#clock", "Wednesday")
	}
	const reminder = "Coming up: C4, “bring the readings”"
	if n := gwen.Count("#mine-entries", reminder); n != 0 {
		t.Fatal("it reminds two days early")
	}
	const digest = "Where this group stands"
	earlier := nadia.Count("#room-entries .text", digest)
	gwen.Click("to friday", `document.querySelector(".clock button[value=friday]")`)
	gwen.sees("#clock", "Friday")
	gwen.sees("#mine-entries", reminder)
	gwen.Look("reminded-wide-light")
	nadia.sees("#room-entries", ", today")
	for text, want := range map[string]int{reminder: 1, "was for Wednesday": 1} {
		if n := gwen.Count("#mine-entries .text", text); n != want {
			t.Errorf("gwen was told %q %d times, want %d", text, n, want)
		}
	}
	if n := nadia.Count("body", reminder); n != 0 {
		t.Error("nadia reads gwen's reminder")
	}
	if n := nadia.Count("#room-entries .text", digest); n != earlier+1 {
		t.Errorf("the room got %d digests, want one more than %d", n, earlier)
	}
	gwen.Click("C4 is done", choice("#mine", "C4: Done"))
	nadia.sees("#room-entries", "C4 is done")
}
