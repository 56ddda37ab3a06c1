package rehearse

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"trellis/adapters/chat"
)

// fold makes names of people and rooms the same whatever their case.
func fold(name string) string { return strings.ToLower(name) }

// squeeze is what texts are compared by: without regard to case and runs of white space.
func squeeze(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }

// cutWord cuts off the first word.
func cutWord(line string) (word, rest string, found bool) {
	at := strings.IndexFunc(line, unicode.IsSpace)
	if at < 0 {
		return line, "", line != ""
	}
	return line[:at], strings.TrimSpace(line[at:]), true
}

func isName(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(first) && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && r != '-' && r != '_'
	})
}

func isRoom(s string) bool {
	name, ok := strings.CutPrefix(s, "#")
	return ok && name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && r != '-' && r != '_'
	})
}

// isLanguage tells whether s has the form of a BCP 47 tag.
func isLanguage(s string) bool {
	for i, part := range strings.Split(s, "-") {
		if len(part) < 1 || len(part) > 8 || i == 0 && (len(part) < 2 || len(part) > 3) {
			return false
		}
		for _, c := range []byte(part) {
			if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && c >= '0' && c <= '9') {
				return false
			}
		}
	}
	return true
}

func capital(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}

// listOf splits at commas that are outside parentheses.
func listOf(text string) ([]string, error) {
	var items []string
	depth, start := 0, 0
	for i, c := range text + "," {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth > 0 && i < len(text) {
				continue
			}
			item := strings.TrimSpace(text[start:i])
			if item == "" {
				return nil, errors.New("want names with commas between them")
			}
			items = append(items, item)
			start = i + 1
		}
	}
	return items, nil
}

// quoted cuts off a text in quotes. Inside straight ones \" is a quote and \\ a backslash.
func quoted(s string) (text, rest string, err error) {
	if after, ok := strings.CutPrefix(s, "“"); ok {
		text, rest, ok = strings.Cut(after, "”")
		if !ok {
			return "", "", errors.New("the quote does not close")
		}
		return text, strings.TrimLeft(rest, " \t"), nil
	}
	if !strings.HasPrefix(s, `"`) {
		return "", "", errors.New("want a text in quotes")
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), strings.TrimLeft(s[i+1:], " \t"), nil
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", errors.New("the quote does not close")
}

// quotedAlone is a text in quotes with nothing behind it.
func quotedAlone(s string) (string, error) {
	text, rest, err := quoted(s)
	if err == nil && rest != "" {
		err = fmt.Errorf("after the text in quotes %s", ownLine(rest))
	}
	return text, err
}

// pairs reads name=value …, values with spaces in quotes; none is a form that is sent as it stands.
func pairs(s string) (map[string]string, error) {
	fields := map[string]string{}
	for s != "" {
		name, after, ok := strings.Cut(s, "=")
		if !ok || !isName(name) {
			word, _, _ := cutWord(s)
			return nil, fmt.Errorf("want name=value, values with spaces in quotes; %s", ownLine(word))
		}
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("%s stands there twice", name)
		}
		if strings.HasPrefix(after, `"`) || strings.HasPrefix(after, "“") {
			value, rest, err := quoted(after)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			fields[name], s = value, rest
			continue
		}
		fields[name], s, _ = cutWord(after)
	}
	return fields, nil
}

func sorted[K ~string, V any](m map[K]V) string { return names(slices.Sorted(maps.Keys(m))) }

func names[S ~string](list []S) string {
	var b strings.Builder
	for i, s := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(s))
	}
	return b.String()
}

// join puts the mistakes of one line into one.
func join(errs []error) error {
	var texts []string
	for _, err := range errs {
		if err != nil {
			texts = append(texts, err.Error())
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return errors.New(strings.Join(texts, "; "))
}

// roomName is what people call a room.
func roomName(id chat.RoomID) string { return strings.TrimPrefix(string(id), "#") }
