package calendar

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed languages
var languageFiles embed.FS

// languages are those that have a file below languages/, in the order in which they are tried after one's own.
var languages = []string{"en", "cy", "es", "fr", "de"}

// kind is what a word does in a date; its name is what stands in the files.
type kind string

const (
	kWeekday   kind = "weekday"   // a time.Weekday
	kWeeknight kind = "weeknight" // the evening of a time.Weekday
	kMonth     kind = "month"     // 1 to 12
	kDay       kind = "day"       // days from today
	kPart      kind = "part"      // a part of the day, by its name in dayParts
	kNext      kind = "next"      // the one after this, by two ways of counting
	kComing    kind = "coming"    // the first one to come
	kThis      kind = "this"      // the one now running
	kLast      kind = "last"      // the one before
	kWeekOn    kind = "weekon"    // after a weekday: a week later
	kUnit      kind = "unit"      // of a span, by its name in units
	kOne       kind = "one"       // a unit that stands for one of it after kIn, in a language without "a"
	kSpan      kind = "span"      // seconds
	kIn        kind = "in"        // before a span: from now
	kFromNow   kind = "fromnow"   // after a span: from now
	kAfter     kind = "after"     // between a span and the day from which it counts
	kAgo       kind = "ago"       // before or after a span: back from now
	kNumber    kind = "number"
	kOrdinal   kind = "ordinal" // -1 is the last
	kLastDay   kind = "lastday" // of a month
	kEnd       kind = "end"     // before a week, month or year: its last day
	kStart     kind = "start"   // its first day
	kEndDay    kind = "endday"  // the whole phrase
	kEndWeek   kind = "endweek"
	kEndMonth  kind = "endmonth"
	kEndYear   kind = "endyear"
	kAM        kind = "am"
	kPM        kind = "pm"
	kOClock    kind = "oclock" // after an hour of either half of the day
	kHours     kind = "hours"  // after an hour of the 24-hour clock
	kPast      kind = "past"   // before an hour: minutes after it
	kPlus      kind = "plus"   // after an hour: minutes after it
	kAt        kind = "at"     // before a time of day
	kOn        kind = "on"
	kThe       kind = "the"
	kDayWord   kind = "dayword" // before a number that is a day of the month
	kOf        kind = "of"
	kAnd       kind = "and"
	kFrom      kind = "from" // before a range
	kTo        kind = "to"   // between the ends of a range
	kEvery     kind = "every"
	kOther     kind = "other" // after every: each second one
	kOften     kind = "often" // an adverb: a unit and a number of them
	kWorkdays  kind = "workdays"
	kAllDays   kind = "alldays"
	kOff       kind = "off"
	kBy        kind = "by"
	kUntil     kind = "until"

	// From digits, not from a file.
	kInt   kind = "digits"
	kDate  kind = "date"  // a Date; Year 0 when none is given
	kISO   kind = "iso"   // a Date with a time of day, or an exact instant
	kClock kind = "clock" // minutes after midnight on the 24-hour clock
	kHalf  kind = "half"  // minutes after midnight, with am or pm
	kComma kind = "comma"
)

// units are what spans and rules count in.
var units = map[string]span{
	"second": {seconds: 1}, "minute": {seconds: 60}, "hour": {seconds: 3600},
	"day": {days: 1}, "week": {days: 7}, "fortnight": {days: 14}, "month": {months: 1}, "year": {months: 12},
	"weekend": {}, // no length: named, never counted
}

// item is one meaning of a phrase or of a group of digits.
type item struct {
	kind  kind
	n     int
	name  string // kPart, kUnit, kOne, kOften
	short bool   // an abbreviation
	date  Date
	at    time.Time // kISO: the instant, when it has an offset; kept in UTC
	sec   int       // kISO: seconds after the minute
	span  span      // kSpan
}

// lexicon is one language: the meanings of each folded phrase, and the most words that a phrase has.
type lexicon struct {
	language string
	phrases  map[string][]item
	starts   map[string]bool // folded first words
	words    map[string]bool // folded words of all phrases
	longest  int
}

var lexicons = sync.OnceValue(func() map[string]*lexicon {
	all := map[string]*lexicon{}
	for _, language := range languages {
		text, err := languageFiles.ReadFile("languages/" + language + ".txt")
		if err == nil {
			all[language], err = readLexicon(language, string(text))
		}
		if err != nil {
			panic("calendar: " + err.Error()) // the files are compiled in; a test reads them all
		}
	}
	return all
})

func readLexicon(language, text string) (*lexicon, error) {
	lx := &lexicon{language: language, phrases: map[string][]item{}, starts: map[string]bool{}, words: map[string]bool{}}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		head, phrases, ok := strings.Cut(line, " = ")
		if !ok {
			return nil, fmt.Errorf("%s.txt line %d: want kind, value, =, phrases", language, number)
		}
		meaning, err := readMeaning(strings.Fields(head))
		if err != nil {
			return nil, fmt.Errorf("%s.txt line %d: %w", language, number, err)
		}
		for phrase := range strings.SplitSeq(phrases, ", ") {
			words := strings.Fields(fold(phrase))
			if len(words) == 0 {
				return nil, fmt.Errorf("%s.txt line %d: an empty phrase", language, number)
			}
			key := strings.Join(words, " ")
			lx.phrases[key] = append(lx.phrases[key], meaning)
			lx.starts[words[0]] = true
			for _, word := range words {
				lx.words[word] = true
			}
			lx.longest = max(lx.longest, len(words))
		}
	}
	return lx, nil
}

func readMeaning(head []string) (item, error) {
	if len(head) == 0 {
		return item{}, fmt.Errorf("no kind")
	}
	name, short := strings.CutSuffix(head[0], "?")
	m := item{kind: kind(name), short: short}
	switch m.kind {
	case kPart, kUnit, kOne, kOften:
		if len(head) < 2 {
			return item{}, fmt.Errorf("%s without a name", m.kind)
		}
		m.name = head[1]
		_, unit := units[m.name]
		_, part := dayParts[m.name]
		if m.kind == kPart && !part || m.kind != kPart && !unit {
			return item{}, fmt.Errorf("%s %q is not known", m.kind, m.name)
		}
		head = head[1:]
	default: // the others have a number, or nothing
	}
	if len(head) < 2 {
		return m, nil
	}
	n, err := strconv.Atoi(head[1])
	if err != nil {
		return item{}, fmt.Errorf("read value %q: want a number", head[1])
	}
	m.n = n
	if m.kind == kSpan {
		m.span = span{seconds: n}
	}
	return m, nil
}
