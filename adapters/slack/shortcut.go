package slack

import (
	"context"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"

	"trellis/adapters/chat"
)

// shortcuts are the commands that a message can be made into, by their callback_id in the manifest.
var shortcuts = map[string]string{"trellis_propose": "propose", "trellis_commit": "commit"}

// linkWithin is what finding a message's address may take of the time in which the modal has to be open.
const linkWithin = 700 * time.Millisecond

// shortcut opens a form with a message's text: nothing happened yet that the engine has to know.
func (a *Adapter) shortcut(w *workspace, i *interaction) arrival {
	command := shortcuts[i.Callback]
	if command == "" || i.Message == nil {
		return arrival{}
	}
	came := time.Now()
	meta := formMeta{Channel: i.Channel.ID, Shortcut: command, By: i.Message.User}
	text, ts, trigger, who := typed(w.team, i.Message.Text), i.Message.TS, i.TriggerID, i.User.ID
	return arrival{w: w, then: func() {
		run := a.run.Load()
		if run == nil {
			return
		}
		run.start(func() { a.openShortcut(run.ctx, w, meta, text, ts, trigger, who, came) })
	}}
}

func (a *Adapter) openShortcut(ctx context.Context, w *workspace, meta formMeta, text, ts, trigger, who string, came time.Time) {
	asking, cancel := context.WithTimeout(ctx, linkWithin)
	link, err := w.api().GetPermalinkContext(asking, &slackgo.PermalinkParameters{Channel: meta.Channel, Ts: ts})
	person := a.people.of(asking, w, who)
	cancel()
	if err == nil {
		meta.Link = link
	}
	word := func(key string) string { return a.o.Words(person.Language, "slack."+meta.Shortcut+"."+key, 0) }
	form := chat.Form{
		Title: word("title"), Submit: word("submit"),
		Fields: []chat.Field{{Name: "text", Label: word("text"), Kind: chat.Lines, Initial: readable(text), Max: mostTyped}},
	}
	if meta.Link != "" {
		form.Intro = chat.Text{{Spans: []chat.Span{{Kind: chat.Link, Text: word("from"), URL: meta.Link}}}}
	}
	if meta.Shortcut == "commit" {
		form.Fields = append(form.Fields, chat.Field{Name: "by", Label: word("by"), Kind: chat.When})
	}
	view := a.modal(form, meta, person.Language)
	opening, done := context.WithTimeout(ctx, max(openFor-time.Since(came), time.Millisecond))
	defer done()
	if _, err := w.api().OpenViewContext(opening, trigger, view); err != nil && codeOf(err) != "exchanged_trigger_id" {
		a.log.Warn("a message shortcut's form was not opened", "workspace", w.team, "error", plain(err))
		e := chat.Event{By: person.Profile}
		if e.By.Account == "" {
			e.By.Account = accountID(w.team, who)
		}
		a.sayAgain(ctx, w, e, meta.Channel)
	}
}

// readable writes mentions as names cannot be looked up for all of them here: by their account's own ID.
func readable(text string) string {
	return chat.ReplaceMentions(text, func(account chat.AccountID) string {
		_, user, _ := split(account)
		return "@" + user
	})
}

// command is what a filled-in shortcut stands for, as somebody would have typed it.
func (f *openForm) command(w *workspace) chat.Command {
	text := f.fields["text"]
	quoted := `"` + strings.Join(strings.Fields(strings.NewReplacer(`"`, "'", "“", "'", "”", "'").Replace(text)), " ") + `"`
	line := f.meta.Shortcut + " " + quoted
	if by := f.fields["by"]; by != "" {
		line += " by " + by
	}
	about := &chat.Quoted{Text: text, Link: f.meta.Link}
	if f.meta.By != "" {
		about.By = accountID(w.team, f.meta.By)
	}
	return chat.Command{Text: line, About: about}
}
