package commitment

import (
	"slices"
	"strings"
	"time"

	"trellis/adapters/chat"
	"trellis/flows"
)

// Request is something that a person is asked to take on: a new commitment, or one that another hands over. It is put
// once, waits in both people's overviews, and lapses at its date.
type Request struct {
	Asker, To flows.PersonID
	Text      flows.Said
	Wish      wish
	Of        flows.ID `json:",omitempty"` // the commitment that is handed over; empty: a new one
	At        time.Time
	Until     time.Time // when it lapses
	Answer    Answer    `json:",omitempty"`
	Put       bool      `json:",omitempty"` // To was asked
	Card      flows.Posted
	Told      bool `json:",omitempty"` // Asker knows the answer
}

// Answer says what became of a request.
type Answer string

// Answers.
const (
	Waiting   Answer = ""
	Accepted  Answer = "accepted"
	Declined  Answer = "declined"
	Lapsed    Answer = "lapsed"
	Withdrawn Answer = "withdrawn" // taken back, or no longer to be asked
)

var (
	requests = flows.NewTable[Request]("commitment/request", 1)

	waitingFor = requests.Index("to", func(_ flows.ID, r Request) []string {
		if r.Answer != Waiting {
			return nil
		}
		return []string{string(r.To)}
	})
	askedBy = requests.Index("asker", func(_ flows.ID, r Request) []string {
		if r.Answer != Waiting && r.Told {
			return nil
		}
		return []string{string(r.Asker)}
	})
	handing = requests.Index("of", func(_ flows.ID, r Request) []string {
		if r.Answer != Waiting || r.Of == "" {
			return nil
		}
		return []string{string(r.Of)}
	})
)

// plea is a request with its ID.
type plea struct {
	id flows.ID
	Request
}

func (r plea) store(t *flows.Turn) error { return requests.Put(t, r.id, r.Request) }

// pleas finds requests, the earliest first.
func pleas(t *flows.Turn, x *flows.Index[Request], value string) ([]plea, error) {
	var list []plea
	err := x.Find(t, value, func(id flows.ID, r Request) (bool, error) {
		list = append(list, plea{id, r})
		return true, nil
	})
	slices.SortStableFunc(list, func(a, b plea) int { return a.At.Compare(b.At) })
	return list, err
}

// ask asks somebody to take something on.
func ask(t *flows.Turn, c flows.Command) error {
	if len(c.Tokens) == 0 {
		return t.Refuse("commitment.ask_wanted")
	}
	to, from, err := whom(t, c)
	if err != nil {
		return err
	}
	w, err := read(t, c, from)
	if err != nil {
		return err
	}
	switch {
	case w.Text == "":
		return t.Refuse("commitment.ask_wanted")
	case !w.begun(t):
		return t.RefuseWith(whichDate(t, w, to))
	case to == t.Person():
		return takeOn(t, w)
	}
	return request(t, to, w)
}

// whom reads the person whom a command asks, and where the text begins: behind a "to", or at once.
func whom(t *flows.Turn, c flows.Command) (to flows.PersonID, from int, err error) {
	named := func(n int) (flows.PersonID, error) { return t.FindPerson(strings.TrimRight(c.Between(0, n), ",:")) }
	isTo := func(i int) bool {
		return i < len(c.Tokens) && !c.Tokens[i].Quoted && strings.EqualFold(c.Tokens[i].Text, "to")
	}
	to, err = named(1)
	for n := 1; n <= mostNames; n++ { // "@Maya Osei to …"
		if !isTo(n) {
			continue
		}
		if p, whole := named(n); whole == nil {
			return p, n + 1, nil
		}
		break
	}
	return to, 1, err
}

// mostNames is how many words a name has.
const mostNames = 5

// request asks a person for something new.
func request(t *flows.Turn, to flows.PersonID, w wish) error {
	text := flows.Said{Text: w.Text, By: t.Person()}
	w.Text = "" // people's words stand in one place
	return plea{t.NewID(), Request{Asker: t.Person(), To: to, Text: text, Wish: w}}.begin(t)
}

// patience is how long a request waits that has no date ahead to lapse at.
const patience = 7 * 24 * time.Hour

// begin stores a request and puts it to whom it is for, as soon as they may be spoken to.
func (r plea) begin(t *flows.Turn) error {
	m, err := t.Membership(r.To)
	if err != nil {
		return err
	}
	profile, err := t.Profile(r.To)
	if err != nil {
		return err
	}
	if m.Observer || profile.Silent {
		return t.Refuse("commitment.not_asked", "person", r.To)
	}
	r.At, r.Until = t.Now(), t.Now().Add(patience)
	if r.Wish.By.Zone != "" {
		r.Until = flows.End(r.Wish.By)
	}
	t.At(r.Until, "lapse", r.id)
	if err := r.offer(t); err != nil {
		return err
	}
	key := "commitment.asked"
	if r.Of != "" {
		key = "commitment.asked_over"
	}
	note := flows.Note(key, "person", r.To, "text", r.Text, "until", r.lapses())
	if !m.Away.IsZero() {
		note = note.With("commitment.asked_away", "person", r.To)
	}
	_, err = t.Whisper(note.Choose(r.takeBack()))
	return err
}

// lapses is when the request lapses, as people said it.
func (r Request) lapses() any {
	if r.Wish.By.Zone != "" {
		return r.Wish.By
	}
	return r.Until
}

// offer puts a request to whom it is for, or sees to it that it will be.
func (r *plea) offer(t *flows.Turn) error {
	here, err := t.Here(r.To)
	if err != nil {
		return err
	}
	if here {
		if free := t.Free(r.To); free.After(t.Now()) {
			t.At(free, "put", r.id)
		} else {
			r.Put = true
			if r.Card, err = t.Tell(r.To, r.question().Choose(r.answers("")...).Noticed()); err != nil {
				return err
			}
		}
	}
	return r.store(t)
}

// put puts a request that had to wait for the quiet to end.
func put(t *flows.Turn, id flows.ID) error {
	r, ok, err := requests.Find(t, id)
	if err != nil || !ok || r.Put || r.Answer != Waiting {
		return err
	}
	p := plea{id, r}
	return p.offer(t)
}

// mineToAnswer reads a request that the turn's person is to answer.
func mineToAnswer(t *flows.Turn, id flows.ID) (plea, error) {
	r, ok, err := requests.Find(t, id)
	switch {
	case err != nil:
		return plea{}, err
	case !ok || r.To != t.Person():
		return plea{}, t.Refuse("flows.oldbutton")
	case r.Answer == Lapsed || r.Answer == Waiting && !t.Now().Before(r.Until):
		return plea{}, t.Refuse("commitment.lapsed_already", "text", r.Text)
	case r.Answer != Waiting:
		return plea{}, t.Refuse("flows.closed")
	}
	return plea{id, r}, nil
}

func accept(t *flows.Turn, a flows.Action) error {
	r, err := mineToAnswer(t, a.Subject)
	if err != nil {
		return err
	}
	if r.Of != "" {
		c, ok, err := commitments.Find(t, r.Of)
		if err != nil {
			return err
		}
		if ok && c.overdue(t) {
			return t.Open(dateForm("date", r.id, string(a.On), "commitment.form.date"))
		}
		r.Wish.By = c.By
	}
	return r.accept(t, a.On, false)
}

// overdue tells whether the date lies behind, so that who takes the commitment over has to name a new one.
func (c Commitment) overdue(t *flows.Turn) bool {
	return c.dated() && c.Repeat == nil && !t.Now().Before(flows.End(c.By))
}

func askAnother(t *flows.Turn, a flows.Action) error {
	r, err := mineToAnswer(t, a.Subject)
	if err != nil {
		return err
	}
	return t.Open(dateForm("date", r.id, string(a.On), "commitment.form.date"))
}

// acceptBy accepts with a date of one's own: it is who takes something on who says by when.
func acceptBy(t *flows.Turn, f flows.Form) error {
	r, err := mineToAnswer(t, f.Subject)
	if err != nil {
		return err
	}
	by, err := newDate(t, f)
	if err != nil {
		return err
	}
	r.Wish.By, r.Wish.Repeat = by, nil
	return r.accept(t, flows.Posted(f.Arg), true)
}

// accept makes the commitment of what was asked, or hands the one over.
func (r plea) accept(t *flows.Turn, on flows.Posted, another bool) error {
	var c entry
	var err error
	if r.Of == "" {
		c, err = begin(t, r.To, r.Asker, r.Text, r.Wish)
	} else {
		c, err = r.takeOver(t, another)
	}
	if err != nil {
		return err
	}
	r.Answer, r.Told = Accepted, true
	if err := r.close(t, on, c.mine(t)); err != nil {
		return err
	}
	if _, err := t.Say(c.announce(t)); err != nil || !another || r.Of != "" {
		return err
	}
	r.Told = false
	return r.tellAsker(t)
}

// takeOver makes the commitment that was handed over the acceptor's.
func (r plea) takeOver(t *flows.Turn, another bool) (entry, error) {
	v, ok, err := commitments.Find(t, r.Of)
	if err != nil {
		return entry{}, err
	}
	if !ok || v.State != Open {
		return entry{}, t.Refuse("flows.closed")
	}
	c := entry{r.Of, v}
	c.Story = append(c.Story, Event{Kind: Handed, At: t.Now(), By: r.Wish.By, From: c.Owner, To: r.To})
	c.Owner, c.Passed, c.Snoozed = r.To, noDate, noDate // what one put off, the other has not
	if another {
		c.By = r.Wish.By
	}
	c.plan(t)
	return c, c.put(t)
}

// close stores the answer, and leaves on the request's card what came of it. Who answered elsewhere is told there.
func (r plea) close(t *flows.Turn, on flows.Posted, m flows.Message) error {
	if err := r.store(t); err != nil {
		return err
	}
	if err := t.Update(r.Card, m); err != nil {
		return err
	}
	if r.Card != "" && on == r.Card {
		return nil
	}
	_, err := t.Whisper(m)
	return err
}

func decline(t *flows.Turn, a flows.Action) error {
	r, err := mineToAnswer(t, a.Subject)
	if err != nil {
		return err
	}
	r.Answer = Declined
	if err := r.close(t, a.On, flows.Note("commitment.you_declined", "text", r.Text, "person", r.Asker)); err != nil {
		return err
	}
	return r.tellAsker(t)
}

// withdraw is the asker taking a request back.
func withdraw(t *flows.Turn, a flows.Action) error {
	v, ok, err := requests.Find(t, a.Subject)
	switch {
	case err != nil:
		return err
	case !ok || v.Asker != t.Person():
		return t.Refuse("flows.oldbutton")
	case v.Answer != Waiting:
		return t.Refuse("flows.closed")
	}
	r := plea{a.Subject, v}
	if err := r.end(t, Withdrawn); err != nil {
		return err
	}
	return reply(t, alone(t, a), flows.Note("commitment.withdrawn", "person", r.To, "text", r.Text))
}

// end closes a request without an answer: what was asked says so.
func (r *plea) end(t *flows.Turn, a Answer) error {
	r.Answer, r.Told = a, true
	if err := t.Update(r.Card, r.question().With("commitment.over."+string(a))); err != nil {
		return err
	}
	return r.store(t)
}

// lapse ends a request at its date, and tells who asked: at once when they named the time, else at their hour on the
// first working day after.
func lapse(t *flows.Turn, id flows.ID) error {
	v, ok, err := requests.Find(t, id)
	if err != nil || !ok || v.Answer != Waiting || !v.Until.Equal(t.Due()) {
		return err
	}
	r := plea{id, v}
	if err := r.end(t, Lapsed); err != nil {
		return err
	}
	r.Told = false
	if err := r.store(t); err != nil {
		return err
	}
	if r.Wish.By.Zone != "" && !r.Wish.By.HasTime {
		w := reckon(t, r.Asker)
		if morning := w.on(w.days.After(r.Wish.By.Date)); morning.After(t.Now()) {
			t.At(morning, "outcome", r.id)
			return nil
		}
	}
	return r.tellAsker(t)
}

// tellAsker tells who asked what became of it, as soon as they may be spoken to.
func (r plea) tellAsker(t *flows.Turn) error {
	here, err := t.Here(r.Asker)
	if err != nil {
		return err
	}
	named := r.Answer == Lapsed && r.Wish.By.HasTime // they named the time themselves
	if free := t.Free(r.Asker); here && !named && free.After(t.Now()) {
		t.At(free, "outcome", r.id)
		here = false
	}
	if here {
		r.Told = true
		news := r.news()
		if _, err := t.Tell(r.Asker, flows.Note(news.Key, news.Args...).Noticed()); err != nil {
			return err
		}
	}
	return r.store(t)
}

// outcome tells the asker what had to wait.
func outcome(t *flows.Turn, id flows.ID) error {
	r, ok, err := requests.Find(t, id)
	if err != nil || !ok || r.Told || r.Answer == Waiting {
		return err
	}
	return plea{id, r}.tellAsker(t)
}

func (r plea) takeBack() flows.Choice {
	return flows.Choice{Key: "commitment.button.takeback", Action: "withdraw", Subject: r.id, Arg: single}
}

// answers are the choices of who is asked.
func (r plea) answers(of string) []flows.Choice {
	return []flows.Choice{
		{Key: "commitment.button.accept", Action: "accept", Subject: r.id, Of: of, Style: chat.Primary},
		{Key: "commitment.button.decline", Action: "decline", Subject: r.id, Of: of},
		{Key: "commitment.button.another", Action: "another", Subject: r.id, Of: of},
	}
}
