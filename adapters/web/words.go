package web

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"trellis/adapters/chat"
)

func itoa(n int) string { return strconv.Itoa(n) }

// reader is somebody for whom something is put into words.
type reader struct {
	a        *Adapter
	language string // one that the words have
	zone     *time.Location
}

// T is a text of the catalogue; pairs are the names and values of its slots, "n" the number that it depends on.
func (r reader) T(key string, pairs ...any) string {
	n := 0
	for i := 0; i+1 < len(pairs); i += 2 {
		if v, ok := pairs[i+1].(int); ok && pairs[i] == "n" {
			n = v
		}
	}
	text := r.a.o.Words(r.language, key, n)
	if len(pairs) == 0 {
		return text
	}
	slots := make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		slots = append(slots, fmt.Sprintf("{%v}", pairs[i]), fmt.Sprint(pairs[i+1]))
	}
	return strings.NewReplacer(slots...).Replace(text)
}

// readerOf is how a person reads: as Trellis speaks to them, or as they came.
func (a *Adapter) readerOf(p person) reader {
	r := reader{a: a, language: a.languageFor(p.Reads, p.Language), zone: a.o.Zone}
	for _, name := range []string{p.Zone, p.In} {
		if zone, err := time.LoadLocation(name); err == nil && name != "" && name != "Local" {
			r.zone = zone
		}
	}
	return r
}

// languageFor returns the first of some languages that there are words for.
func (a *Adapter) languageFor(wanted ...string) string {
	for _, code := range wanted {
		for code != "" {
			if slices.Contains(a.o.Languages, code) {
				return code
			}
			cut := strings.LastIndexAny(code, "-_")
			code = code[:max(cut, 0)]
		}
	}
	return a.o.Languages[0]
}

// accepted are the languages that a browser asks for, in the order in which it gives them.
func accepted(header string) (codes []string) {
	for part := range strings.SplitSeq(header, ",") {
		code, _, _ := strings.Cut(part, ";")
		if code = strings.TrimSpace(code); code != "" && code != "*" && len(code) < 20 {
			codes = append(codes, code)
		}
		if len(codes) == 10 {
			break
		}
	}
	return codes
}

// fromRight are the languages that are written from right to left.
var fromRight = []string{"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ku-Arab", "ps", "sd", "syr", "ug", "ur", "yi"}

// dirOf is the direction in which a language is written.
func dirOf(language string) string {
	base, _, _ := strings.Cut(language, "-")
	if slices.Contains(fromRight, base) || slices.Contains(fromRight, language) {
		return "rtl"
	}
	return "ltr"
}

var weekdays = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// day is a day of the timeline.
type day struct {
	Date string // 2026-03-27
	Text string
}

func (r reader) day(at time.Time) day {
	at = at.In(r.zone)
	return day{at.Format(time.DateOnly), r.T("date.day",
		"weekday", r.T("date.weekday."+weekdays[at.Weekday()]), "d", at.Day(),
		"month", r.T("date.month.m"+itoa(int(at.Month()))), "year", at.Year())}
}

func (r reader) clock(at time.Time) string { return at.In(r.zone).Format("15:04") }

// markers is how many looks the mark before a name has. They mean nothing.
const markers = 6

// look is a person as a page shows them.
type look struct {
	Name    string
	Handle  string
	Initial string
	Marker  int
}

func lookOf(p person, s Seat) look {
	initial := "·"
	for _, r := range p.Name {
		initial = strings.ToUpper(string(r))
		break
	}
	sum := 0
	for _, b := range []byte(s.Account) {
		sum = sum*31 + int(b)
	}
	return look{Name: p.Name, Handle: s.Handle, Initial: initial, Marker: ((sum % markers) + markers) % markers}
}

// excerptMost is in runes: what a button says it is about.
const excerptMost = 60

// excerpt is the beginning of a message on one line.
func excerpt(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return strings.TrimSpace(string(runes[:most])) + "…"
}

// block is a part of a message as a template shows it.
type block struct {
	Kind  string // p, list, quote, heading
	Items [][]span
}

type span struct {
	Kind, Text string
	At, URL    string
	Notify     string // handle of who is to notice it
	Me         bool   // …who reads it
}

// blocksOf prepares a text of Trellis for a template. Neighbouring items form one list.
func blocksOf(text chat.Text, notify func(chat.AccountID) (handle string, me bool)) (all []block) {
	kinds := map[chat.BlockKind]string{chat.Paragraph: "p", chat.Item: "list", chat.Quote: "quote", chat.Heading: "heading"}
	for _, b := range text {
		spans := make([]span, 0, len(b.Spans))
		for _, s := range b.Spans {
			spans = append(spans, spanOf(s, notify))
		}
		kind := kinds[b.Kind]
		if last := len(all) - 1; last >= 0 && all[last].Kind == kind && (kind == "list" || kind == "quote") {
			all[last].Items = append(all[last].Items, spans)
			continue
		}
		all = append(all, block{kind, [][]span{spans}})
	}
	return all
}

func spanOf(s chat.Span, notify func(chat.AccountID) (string, bool)) span {
	v := span{Text: s.Text}
	switch s.Kind {
	case chat.Bold:
		v.Kind = "bold"
	case chat.Mention:
		v.Kind = "name"
		if s.Account != "" {
			v.Notify, v.Me = notify(s.Account)
		}
	case chat.Date:
		v.Kind, v.At = "date", s.At.UTC().Format(time.RFC3339)
	case chat.Link:
		if isLink(s.URL) {
			v.Kind, v.URL = "link", s.URL
		}
	case chat.Code:
		v.Kind = "code"
	case chat.Words:
		if s.Of != "" {
			v.Kind = "said"
		}
	}
	return v
}

func isLink(url string) bool {
	return strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://")
}

// linked finds the addresses in what somebody wrote.
func linked(text string) (all []span) {
	for text != "" {
		at := strings.Index(text, "http")
		for at >= 0 && !isLink(text[at:]) {
			next := strings.Index(text[at+4:], "http")
			if next < 0 {
				at = -1
				break
			}
			at += 4 + next
		}
		if at < 0 {
			return append(all, span{Text: text})
		}
		end := at + strings.IndexFunc(text[at:]+" ", func(r rune) bool { return r <= ' ' || strings.ContainsRune("<>\"“”«»", r) })
		url := strings.TrimRight(text[at:end], ".,;:!?)]'’")
		if at > 0 {
			all = append(all, span{Text: text[:at]})
		}
		if len(url) > len("https://") {
			all = append(all, span{Kind: "link", Text: url, URL: url})
		} else {
			all = append(all, span{Text: url})
		}
		text = text[at+len(url):]
	}
	return all
}
