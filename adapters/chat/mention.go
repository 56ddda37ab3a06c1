package chat

import "strings"

// A person named in a text that came in stands there as mentionOpen, the account, mentionClose: the adapter writes
// it with MentionOf, whatever its platform's own form is, and a turn reads it with ReplaceMentions.
const (
	mentionOpen  = "@\u27e8" // ⟨
	mentionClose = "\u27e9"  // ⟩
)

// MentionOf writes a mention into a text that comes in.
func MentionOf(a AccountID) string { return mentionOpen + string(a) + mentionClose }

// ReplaceMentions returns text with each mention replaced by what name says of its account.
func ReplaceMentions(text string, name func(AccountID) string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, mentionOpen)
		account, after, closed := strings.Cut(rest, mentionClose)
		b.WriteString(before)
		if !found || !closed {
			if found {
				b.WriteString(mentionOpen + rest)
			}
			return b.String()
		}
		b.WriteString(name(AccountID(account)))
		text = after
	}
}

// Mentioned returns the account of a text that is one mention and nothing else.
func Mentioned(text string) (AccountID, bool) {
	account, ok := strings.CutPrefix(strings.TrimSpace(text), mentionOpen)
	if !ok {
		return "", false
	}
	account, ok = strings.CutSuffix(account, mentionClose)
	return AccountID(account), ok && account != "" && !strings.Contains(account, mentionOpen)
}
