package flows

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/agnivade/levenshtein"
)

// Command is a line that was read as a command: its words, a text, and key=value pairs at its end.
type Command struct {
	Words string // as in the table: "checkin", "checkin reveal"
	// Text is what follows the words, without keys and bare words; without its quotes when it is one quoted text.
	Text   string
	Tokens []Token // of Text
	Here   bool    // the answer is wanted in the room

	raw  string
	args map[string]string
	bare []string
}

// Arg is the value of a key; empty when it was not given.
func (c Command) Arg(key string) string { return c.args[key] }

// Given tells whether a key was given, be it with nothing behind it.
func (c Command) Given(key string) bool { _, ok := c.args[key]; return ok }

// Has tells whether a bare word was given.
func (c Command) Has(word string) bool { return slices.Contains(c.bare, word) }

// Token is a word or a quoted text.
type Token struct {
	Text   string // without quotes
	Quoted bool

	from, to int // in the line, quotes included
}

// command is a row of the grammar.
type command struct {
	words []string
	flow  string
	spec  CommandSpec
}

func (b *Book) addCommand(flow, name string, spec CommandSpec) error {
	words := strings.Fields(name)
	if len(words) == 0 || spec.Run == nil {
		return fmt.Errorf("command %q of %s: it needs words and a handler", name, flow)
	}
	for _, c := range b.commands {
		if slices.Equal(c.words, words) {
			return fmt.Errorf("command %q: both %s and %s have it", name, c.flow, flow)
		}
	}
	b.commands = append(b.commands, command{words: words, flow: flow, spec: spec})
	slices.SortFunc(b.commands, func(a, b command) int {
		if d := len(b.words) - len(a.words); d != 0 {
			return d // the longest match wins
		}
		return slices.Compare(a.words, b.words)
	})
	return nil
}

var curly = strings.NewReplacer("\u201c", `"`, "\u201d", `"`, "\u201e", `"`, "\u00ab", `"`, "\u00bb", `"`)

// tokens cuts a line at white space; double quotes hold a text together, also behind key=.
func tokens(line string) []Token {
	var all []Token
	for i := 0; i < len(line); {
		r, size := runeAt(line, i)
		if unicode.IsSpace(r) {
			i += size
			continue
		}
		from := i
		if r == '"' {
			end := closing(line, i+1)
			if end >= 0 {
				all = append(all, Token{Text: line[i+1 : end], Quoted: true, from: from, to: end + 1})
				i = end + 1
				continue
			}
		}
		for i < len(line) {
			r, size := runeAt(line, i)
			if unicode.IsSpace(r) {
				break
			}
			if r == '"' && i > from && line[i-1] == '=' {
				if end := closing(line, i+1); end >= 0 {
					i = end + 1
					continue
				}
			}
			i += size
		}
		all = append(all, Token{Text: line[from:i], from: from, to: i})
	}
	return all
}

var keyed = regexp.MustCompile(`(?s)^([a-zA-Z]+)=(.*)$`)

// key reads a token as key=value of one of keys.
func (t Token) key(keys []string) (key, value string, ok bool) {
	if t.Quoted {
		return "", "", false
	}
	m := keyed.FindStringSubmatch(t.Text)
	if m == nil {
		return "", "", false
	}
	key = strings.ToLower(m[1])
	return key, strings.Trim(m[2], `"`), slices.Contains(keys, key)
}

// dateKeys take more than one word without quotes: by=tomorrow 17:00.
var dateKeys = []string{"by", "until", "every", "review"}

// parse finds the row of the grammar that a line belongs to and reads the line; false when no row begins like it.
func (b *Book) parse(line string) (command, Command, bool) {
	line = normalQuotes(line)
	all := tokens(line)
	for _, row := range b.commands {
		if len(all) < len(row.words) {
			continue
		}
		match := true
		for i, word := range row.words {
			match = match && !all[i].Quoted && strings.EqualFold(all[i].Text, word)
		}
		if match {
			return row, row.read(line, all[len(row.words):]), true
		}
	}
	return command{}, Command{}, false
}

func (row command) read(line string, rest []Token) Command {
	c := Command{Words: strings.Join(row.words, " "), raw: line, args: map[string]string{}}
	rest = c.cutKeys(rest, row.spec.Keys, row.spec.Bare)
	rest = c.cutBare(rest, row.spec.Bare)
	if n := len(rest); row.spec.Answers && n > 0 && !rest[n-1].Quoted && strings.EqualFold(rest[n-1].Text, "here") {
		c.Here, rest = true, rest[:n-1]
	}
	c.Tokens = rest
	switch {
	case len(rest) == 1:
		c.Text = cleanText(rest[0].Text)
	case len(rest) > 1:
		c.Text = cleanText(line[rest[0].from:rest[len(rest)-1].to])
	}
	return c
}

// cutKeys takes the key=value pairs off the end; behind a quoted text, bare words may stand among them.
func (c *Command) cutKeys(rest []Token, keys, bare []string) []Token {
	if len(keys) == 0 {
		return rest
	}
	for start := range rest {
		words := bare
		if start == 0 || !rest[start-1].Quoted {
			words = nil
		}
		if args, found, ok := readKeys(rest[start:], keys, words); ok {
			c.args, c.bare = args, found
			return rest[:start]
		}
	}
	return rest
}

// readKeys reads tokens that are nothing but key=value pairs and bare words.
func readKeys(tail []Token, keys, bare []string) (args map[string]string, found []string, ok bool) {
	args = map[string]string{}
	last := ""
	for _, token := range tail {
		word := strings.ToLower(token.Text)
		key, value, pair := token.key(keys)
		switch {
		case pair:
			args[key], last = value, key
		case token.Quoted:
			return nil, nil, false
		case slices.Contains(bare, word):
			found, last = append(found, word), ""
		case slices.Contains(dateKeys, last):
			args[last] += " " + token.Text
		default:
			return nil, nil, false
		}
	}
	return args, found, len(args) > 0
}

// cutBare takes bare words away that stand before or after a quoted text.
func (c *Command) cutBare(rest []Token, bare []string) []Token {
	if len(bare) == 0 || !slices.ContainsFunc(rest, func(t Token) bool { return t.Quoted }) {
		return rest
	}
	isBare := func(t Token) bool { return !t.Quoted && slices.Contains(bare, strings.ToLower(t.Text)) }
	for len(rest) > 0 && isBare(rest[0]) {
		c.bare, rest = append(c.bare, strings.ToLower(rest[0].Text)), rest[1:]
	}
	for len(rest) > 0 && isBare(rest[len(rest)-1]) {
		c.bare, rest = append(c.bare, strings.ToLower(rest[len(rest)-1].Text)), rest[:len(rest)-1]
	}
	return rest
}

// whole tells whether the line is such a command to its end.
func (row command) whole(c Command) bool {
	if row.spec.Reads != nil {
		return row.spec.Reads(c)
	}
	return len(c.Tokens) == 0 || len(c.args) > 0 || c.Tokens[0].Quoted
}

// nearest is the command that a line was most likely meant to be; empty when none is near. Where the line begins like a
// command, the next word may be a slip.
func (b *Book) nearest(line string) string {
	fields := strings.Fields(strings.ToLower(line))
	var known []string
	if row, _, ok := b.parse(line); ok {
		known = row.words
	}
	if len(fields) <= len(known) {
		return strings.Join(known, " ")
	}
	slip := fields[len(known)]
	best, least := "", len([]rune(slip))/3+1
	for _, row := range b.commands {
		if len(row.words) <= len(known) || !slices.Equal(row.words[:len(known)], known) {
			continue
		}
		word := row.words[len(known)]
		if d := levenshtein.ComputeDistance(slip, word); d < least || d == least && (best == "" || word < best) {
			best, least = word, d
		}
	}
	if best == "" {
		return strings.Join(known, " ")
	}
	return strings.Join(append(slices.Clone(known), best), " ")
}

// Number reads "3", "#3" and "C3" (with the letter given) at the beginning of the text, and returns what follows.
func (c Command) Number(letter string) (n int, rest string, ok bool) {
	if len(c.Tokens) == 0 {
		return 0, "", false
	}
	n, ok = ParseNumber(c.Tokens[0].Text, letter)
	return n, c.After(1), ok
}

// ParseNumber reads "3", "#3" and "C3".
func ParseNumber(text, letter string) (int, bool) {
	text = strings.ToUpper(strings.TrimSpace(text))
	text = strings.TrimPrefix(strings.TrimPrefix(text, "#"), strings.ToUpper(letter))
	n := 0
	for _, r := range text {
		if r < '0' || r > '9' || n > 1_000_000 {
			return 0, false
		}
		n = n*10 + int(r-'0')
	}
	return n, text != "" && n > 0
}

// After is the text from the n-th token on; without its quotes when that is one quoted text.
func (c Command) After(n int) string { return c.Between(n, len(c.Tokens)) }

// Between is the text of the tokens [from, to).
func (c Command) Between(from, to int) string {
	if from >= to {
		return ""
	}
	if to-from == 1 {
		return cleanText(c.Tokens[from].Text)
	}
	return cleanText(c.raw[c.Tokens[from].from:c.Tokens[to-1].to])
}
