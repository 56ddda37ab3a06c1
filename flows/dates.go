package flows

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"trellis/adapters/chat"
	"trellis/flows/calendar"
)

var weekdayKeys = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// word is a text without slots.
func (t *Turn) word(language, key string) string {
	template, _ := t.book.words.Find(language, key, 0)
	var b strings.Builder
	for _, block := range template {
		for _, part := range block.Parts {
			b.WriteString(part.Text)
		}
	}
	return b.String()
}

// fill replaces {slots} of a text that has nothing else.
func (t *Turn) fill(language, key string, pairs ...string) string {
	template, _ := t.book.words.Find(language, key, 0)
	var b strings.Builder
	for _, block := range template {
		for _, part := range block.Parts {
			text := part.Text
			for i := 0; i+1 < len(pairs); i += 2 {
				if part.Kind != 0 && pairs[i] == part.Text {
					text = pairs[i+1]
				}
			}
			b.WriteString(text)
		}
	}
	return b.String()
}

// dayText is a day with its weekday; the year stands there when it is not this one or when full is asked for.
func (t *Turn) dayText(d calendar.Date, language string, full bool) string {
	key, weekday, month := "date.day", "date.weekday.", "date.month."
	if !full {
		key, weekday, month = "date.day_short", "date.weekday_short.", "date.month_short."
	}
	return t.fill(language, key,
		"weekday", t.word(language, weekday+weekdayKeys[d.Weekday()]),
		"d", strconv.Itoa(d.Day),
		"month", t.word(language, month+"m"+strconv.Itoa(int(d.Month))),
		"year", strconv.Itoa(d.Year))
}

func (t *Turn) timeText(at time.Time, zone *time.Location, language string, full bool) string {
	text := t.fill(language, "date.time",
		"day", t.dayText(calendar.DateOf(at, zone), language, full),
		"time", calendar.ClockOf(at, zone).String())
	if !full {
		return text
	}
	return t.fill(language, "date.zoned", "day", text, "zone", zone.String())
}

// dateSpan writes what somebody asked for as they meant it: a date alone stays a date, in its own zone.
func (t *Turn) dateSpan(w calendar.When, r reader) chat.Span {
	if !w.HasTime {
		return chat.Span{Text: t.fill(r.language, "date.daily", "day", t.dayText(w.Date, r.language, true), "zone", w.Zone)}
	}
	return chat.Span{Kind: chat.Date, At: w.At.UTC(), Text: t.timeText(w.At, r.zone, r.language, true)}
}

// Short is a day without its year, for lists.
type Short calendar.Date

// Brief is what somebody asked for without year and zone, for lists.
type Brief calendar.When

func (t *Turn) briefSpan(w calendar.When, r reader) chat.Span {
	if !w.HasTime {
		return chat.Span{Text: t.dayText(w.Date, r.language, false)}
	}
	return chat.Span{Kind: chat.Date, At: w.At.UTC(), Text: t.timeText(w.At, r.zone, r.language, false)}
}

// RulePhrase says what a rule is, for the catalogue.
func RulePhrase(r calendar.Rule) (Phrase, error) {
	every := max(r.Every, 1)
	var days []Phrase
	for _, d := range r.Days.Weekdays() {
		days = append(days, Words("date.weekday."+weekdayKeys[d]))
	}
	zone := r.Zone
	switch r.Kind {
	case calendar.Daily:
		return Words("date.rule.daily", "n", every, "clock", r.Clock.String(), "zone", zone), nil
	case calendar.Weekly:
		return Words("date.rule.weekly", "n", every, "days", days, "clock", r.Clock.String(), "zone", zone), nil
	case calendar.Monthly:
		if r.Day < 0 {
			return Words("date.rule.monthend", "n", every, "clock", r.Clock.String(), "zone", zone), nil
		}
		return Words("date.rule.monthly", "n", every, "day", r.Day, "clock", r.Clock.String(), "zone", zone), nil
	case calendar.Ordinal:
		nth := Words("date.nth.last")
		if r.Nth > 0 {
			nth = Words("date.nth.n" + strconv.Itoa(r.Nth))
		}
		return Words("date.rule.ordinal", "n", every, "nth", nth, "days", days, "clock", r.Clock.String(), "zone", zone), nil
	case calendar.Cron:
		return Words("date.rule.cron", "cron", Typed(r.Cron), "zone", zone), nil
	}
	return Phrase{}, fmt.Errorf("put rule of kind %q into words", r.Kind)
}

// Unclear is the refusal of a date that has several readings, or lies behind: it is asked back with its choices.
type Unclear struct {
	Text    string // the part of the input that was not clear
	Choices []calendar.When
	Past    bool
}

func (u *Unclear) Error() string { return "unclear date" }

// When reads a date as the turn's person means it. An empty text is usual from now, to the minute. An ambiguous or
// past date is asked back; what is no date is refused with what would be accepted.
func (t *Turn) When(text string, usual time.Duration) (calendar.When, error) {
	zone := t.zoneOf(t.person)
	if strings.TrimSpace(text) == "" {
		at := t.now.Add(usual).Truncate(time.Minute)
		return calendar.When{
			At: at, Date: calendar.DateOf(at, zone), Clock: calendar.ClockOf(at, zone), HasTime: true, Zone: zone.String(),
		}, nil
	}
	w, err := calendar.Parse(text, t.Calendar())
	return w, t.dateError(err)
}

// WhenAfter splits a text at the last keyword that a date follows to its end, as calendar.FindAfter does. A date that
// must be asked back is found, with that error.
func (t *Turn) WhenAfter(text, keyword string) (before string, w calendar.When, found bool, err error) {
	before, w, found, err = calendar.FindAfter(text, keyword, t.Calendar())
	return before, w, found, t.dateError(err)
}

// WhenTrailing splits a text before the date at its end, and WhenLeading after the one at its start.
func (t *Turn) WhenTrailing(text string) (before string, w calendar.When, found bool, err error) {
	before, w, found, err = calendar.FindTrailing(text, t.Calendar())
	return before, w, found, t.dateError(err)
}

// WhenLeading is WhenTrailing for a date at the start.
func (t *Turn) WhenLeading(text string) (w calendar.When, after string, found bool, err error) {
	w, after, found, err = calendar.FindLeading(text, t.Calendar())
	return w, after, found, t.dateError(err)
}

// End is when something that is open until w ends: a day alone is open to its last minute.
func End(w calendar.When) time.Time {
	zone, err := calendar.LoadZone(w.Zone)
	if w.HasTime || err != nil {
		return w.At
	}
	return w.On(24*60-1, zone)
}

// Rule reads what repeats, as the turn's person means it; usual is the time of day where none is given.
func (t *Turn) Rule(text string, usual calendar.Clock) (calendar.Rule, error) {
	return t.rule(text, t.Calendar(), usual)
}

func (t *Turn) rule(text string, c calendar.Context, usual calendar.Clock) (calendar.Rule, error) {
	r, err := calendar.ParseRule(text, c, usual)
	if unknown, ok := errors.AsType[*calendar.UnknownError](err); ok {
		return r, t.Refuse("date.unknown_rule", "text", Said{Text: unknown.Text})
	}
	return r, t.dateError(err)
}

// Calendar is how the turn's person writes dates, now.
func (t *Turn) Calendar() calendar.Context {
	return calendar.Context{Now: t.now, Zone: t.zoneOf(t.person), Language: t.languageOf(t.person)}
}

// dateError turns what the calendar says into what a person is told.
func (t *Turn) dateError(err error) error {
	var ambiguous *calendar.AmbiguousError
	var past *calendar.PastError
	var far *calendar.FarError
	var often *calendar.OftenError
	var unknown *calendar.UnknownError
	switch {
	case errors.As(err, &ambiguous) && len(ambiguous.Choices) > 0:
		return &Unclear{Text: ambiguous.Text, Choices: ambiguous.Choices}
	case errors.As(err, &ambiguous):
		return t.Refuse("date.unclear.rule", "text", Said{Text: ambiguous.Text})
	case errors.As(err, &past):
		return &Unclear{Text: past.Text, Choices: past.Choices, Past: true}
	case errors.As(err, &far):
		return t.Refuse("date.far", "text", Said{Text: far.Text}, "limit", far.Limit)
	case errors.As(err, &often):
		return t.Refuse("date.often", "text", Said{Text: often.Text}, "n", int(often.Least/time.Minute))
	case errors.As(err, &unknown):
		return t.Refuse("date.unknown", "text", Said{Text: unknown.Text})
	}
	return err
}

// askDate asks back which of several dates was meant. again makes the choice that goes on with one of them, written
// in ISO form.
func (t *Turn) askDate(u *Unclear, again func(iso string) (Choice, bool)) error {
	m := Note("date.unclear.which", "text", Said{Text: u.Text})
	if u.Past {
		m = Note("date.unclear.past", "text", Said{Text: u.Text})
	}
	r := t.readerAt(chat.Place{Platform: t.place.Platform, Account: t.event.By.Account})
	for _, w := range u.Choices {
		choice, ok := again(isoDate(w))
		if !ok {
			m = m.Item(Words("flows.plain", "text", w))
			continue
		}
		choice.Label = t.dateSpan(w, r).Text
		m = m.Choose(choice)
	}
	return t.RefuseWith(m)
}

// isoDate is a date as every language reads it back.
func isoDate(w calendar.When) string {
	if !w.HasTime {
		return w.Date.String()
	}
	return w.Date.String() + " " + w.Clock.String()
}

// unclearField says at a form's field which dates a text may mean.
func (t *Turn) unclearField(field string, u *Unclear) *Refusal {
	key := "date.unclear.which"
	if u.Past {
		key = "date.unclear.past"
	}
	m := Note(key, "text", Said{Text: u.Text})
	for _, w := range u.Choices {
		m = m.Item(Words("date.unclear.choice", "date", w, "iso", Typed(isoDate(w))))
	}
	return &Refusal{Message: m, Field: field, group: t.groupID}
}

// When reads a date that a form asked for; what is wrong with it is said at the field, or, when it was typed as a
// direct message, in answer to that.
func (f Form) When(t *Turn, field string, usual time.Duration) (calendar.When, error) {
	w, err := t.When(f.Field(field), usual)
	var unclear *Unclear
	var refusal *Refusal
	switch {
	case f.Typed:
	case errors.As(err, &unclear):
		return w, t.unclearField(field, unclear)
	case errors.As(err, &refusal):
		refusal.Field = field
	}
	return w, err
}
