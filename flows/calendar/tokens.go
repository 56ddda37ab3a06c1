package calendar

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
)

// token is one word, group of digits or comma of a text, with its place there in bytes.
type token struct {
	text       string // folded
	start, end int
	meanings   []item // of digits; words are looked up in a lexicon
}

// mostTokens bounds what is looked at: no date is longer, and the work grows with it.
const mostTokens = 16

// tokenize splits a text, or returns nil when it is too long to be a date.
func tokenize(text string, lx *lexicon) []token {
	var list []token
	for _, f := range fields(text) {
		list = lx.split(list, f)
		if len(list) > mostTokens {
			return nil
		}
	}
	for len(list) > 0 && list[len(list)-1].text == "," {
		list = list[:len(list)-1]
	}
	return list
}

// fields are the pieces of text between white space, unfolded.
func fields(text string) []token {
	var list []token
	start := -1
	for i, r := range text + " " {
		switch space := unicode.IsSpace(r); {
		case space && start >= 0:
			list = append(list, token{text: text[start:i], start: start, end: i})
			start = -1
		case !space && start < 0:
			start = i
		}
	}
	return list
}

// split makes tokens of one field: commas, elided articles and the ends of a range stand alone. Tokens from within a
// field keep the whole field's place.
func (lx *lexicon) split(list []token, f token) []token {
	word := fold(f.text)
	add := func(text string) {
		if text != "" {
			list = append(list, token{text: text, start: f.start, end: f.end, meanings: lx.digits(text)})
		}
	}
	word, comma := trimEnd(word, ",;:")
	word, _ = trimEnd(strings.TrimLeft(word, "\"'(“„«"), "\"')”“»!?")
	if !comma {
		word, comma = trimEnd(word, ",;:")
	}
	for head, rest, more := strings.Cut(word, ","); more; head, rest, more = strings.Cut(word, ",") {
		list = append(lx.split(list, token{text: head, start: f.start, end: f.end}), commaToken(f))
		word = rest
	}
	word = lx.trimStop(word)
	a, b, dash := strings.Cut(word, "-")
	switch known := lx.starts[word]; {
	case known || len(lx.digits(word)) > 0:
		add(word)
	case strings.HasPrefix(word, "l'") || strings.HasPrefix(word, "d'"):
		add(word[:2])
		add(word[2:])
	case dash && a != "" && b != "":
		add(lx.trimStop(a))
		add("-")
		add(lx.trimStop(b))
	default:
		add(word)
	}
	if comma {
		list = append(list, commaToken(f))
	}
	return list
}

func commaToken(f token) token {
	return token{text: ",", start: f.start, end: f.end, meanings: []item{{kind: kComma}}}
}

func trimEnd(s, cut string) (string, bool) {
	short := strings.TrimRight(s, cut)
	return short, short != s
}

// trimStop takes a full stop from a word that needs none: the end of a sentence, or of an abbreviation.
func (lx *lexicon) trimStop(word string) string {
	short, stop := trimEnd(word, ".")
	if !stop || lx.starts[word] || len(lx.digits(word)) > 0 {
		return word
	}
	return short
}

// shapes are the forms of digits, against folded text.
var shapes = sync.OnceValue(func() (s struct{ iso, ymd, dmy, dotted, short, clock, half, hour, ordinal, span, integer *regexp.Regexp }) {
	s.iso = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})(?:t(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(z|[+-]\d{2}:\d{2})?)?$`)
	s.ymd = regexp.MustCompile(`^(\d{4})[/.](\d{1,2})[/.](\d{1,2})$`)
	s.dmy = regexp.MustCompile(`^(\d{1,2})(?:/(\d{1,2})(?:/(\d{4}|\d{2}))?|-(\d{1,2})-(\d{4}|\d{2}))$`)
	s.dotted = regexp.MustCompile(`^(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})?$`)
	s.short = regexp.MustCompile(`^(\d{1,2})\.(\d{1,2})$`)
	s.clock = regexp.MustCompile(`^(\d{1,2})(?:[:.h]|uhr)(\d{2})(am|pm|a\.m\.?|p\.m\.?|yb|yh|h|uhr)?$`)
	s.half = regexp.MustCompile(`^(\d{1,2})(am|pm|a\.m\.?|p\.m\.?|yb|yh)$`)
	s.hour = regexp.MustCompile(`^(\d{1,2})(?:h|hs|uhr)$`)
	s.ordinal = regexp.MustCompile(`^(\d{1,2})(?:st|nd|rd|th|er|re|eme|e|af|ail|il|ydd|ed|fed|eg|o|a|º|ª|°|(\.))$`)
	s.span = regexp.MustCompile(`^(?:(\d{1,4})w)?(?:(\d{1,4})d)?(?:(\d{1,4})(?:h|hrs?))?(?:(\d{1,5})m(?:ins?)?)?(?:(\d{1,5})s(?:ecs?)?)?$`)
	s.integer = regexp.MustCompile(`^\d{1,5}$`)
	return s
})

// digits are the meanings of a group that begins with a digit. Where a form means both a time and a date, who
// writes dots in dates is asked, and the others mean the time.
func (lx *lexicon) digits(word string) []item {
	if word == "" || word[0] < '0' || word[0] > '9' || len(word) > 40 {
		return nil
	}
	var list []item
	date := func(d Date) {
		check := d
		if d.Year == 0 {
			check.Year = 2000 // a leap year
		}
		if check.valid() {
			list = append(list, item{kind: kDate, date: d})
		}
	}
	s := shapes()
	if m := s.iso.FindStringSubmatch(word); m != nil {
		return isoItem(m)
	}
	if m := s.ymd.FindStringSubmatch(word); m != nil {
		date(Date{number(m[1]), time.Month(number(m[2])), number(m[3])})
	}
	if m := s.dmy.FindStringSubmatch(word); m != nil {
		a, b, y := number(m[1]), number(m[2]+m[4]), year(m[3]+m[5])
		date(Date{y, time.Month(b), a})
		if a != b {
			date(Date{y, time.Month(a), b})
		}
	}
	if m := s.dotted.FindStringSubmatch(word); m != nil {
		date(Date{year(m[3]), time.Month(number(m[2])), number(m[1])})
	}
	if m := s.short.FindStringSubmatch(word); m != nil && (len(m[2]) == 1 || lx.language != "en" && lx.language != "cy") {
		date(Date{0, time.Month(number(m[2])), number(m[1])})
	}
	if m := s.clock.FindStringSubmatch(word); m != nil {
		list = append(list, clockItem(number(m[1]), number(m[2]), m[3])...)
	}
	if m := s.half.FindStringSubmatch(word); m != nil {
		list = append(list, clockItem(number(m[1]), 0, m[2])...)
	}
	if m := s.hour.FindStringSubmatch(word); m != nil {
		list = append(list, clockItem(number(m[1]), 0, "")...)
	}
	if m := s.ordinal.FindStringSubmatch(word); m != nil && (m[2] == "" || lx.language == "de") {
		list = append(list, item{kind: kOrdinal, n: number(m[1])})
	}
	if m := s.span.FindStringSubmatch(word); m != nil {
		list = append(list, item{kind: kSpan, span: span{days: number(m[1])*7 + number(m[2]), seconds: number(m[3])*3600 + number(m[4])*60 + number(m[5])}})
	}
	if s.integer.MatchString(word) {
		list = append(list, item{kind: kInt, n: number(word)})
	}
	return list
}

// number reads at most nine digits; nothing is 0.
func number(s string) int {
	n, _ := strconv.Atoi(s) // the shapes let only digits through
	return n
}

// year is 0 when none is given; two digits are of this century.
func year(s string) int {
	if len(s) == 2 {
		return 2000 + number(s)
	}
	return number(s)
}

func clockItem(hour, minute int, half string) []item {
	if minute > 59 || hour > 23 {
		return nil
	}
	switch {
	case strings.HasPrefix(half, "a") || half == "yb":
		return halfItem(hour, minute, 0)
	case strings.HasPrefix(half, "p") || half == "yh":
		return halfItem(hour, minute, 12)
	}
	return []item{{kind: kClock, n: hour*60 + minute}}
}

// halfItem is a time of the 12-hour clock, to which 12 belongs instead of 0.
func halfItem(hour, minute, add int) []item {
	if hour < 1 || hour > 12 {
		return nil
	}
	return []item{{kind: kHalf, n: (hour%12+add)*60 + minute}}
}

func isoItem(m []string) []item {
	d := Date{number(m[1]), time.Month(number(m[2])), number(m[3])}
	hour, minute, sec := number(m[4]), number(m[5]), number(m[6])
	switch {
	case !d.valid() || hour > 23 || minute > 59 || sec > 59:
		return nil
	case m[4] == "":
		return []item{{kind: kDate, date: d}}
	case m[7] == "":
		return []item{{kind: kISO, date: d, n: hour*60 + minute, sec: sec}}
	}
	at := time.Date(d.Year, d.Month, d.Day, hour, minute, sec, 0, time.UTC)
	if m[7] != "z" {
		east := number(m[7][1:3])*3600 + number(m[7][4:6])*60
		if m[7][0] == '-' {
			east = -east
		}
		at = at.Add(-time.Duration(east) * time.Second)
	}
	return []item{{kind: kISO, date: d, at: at}}
}
